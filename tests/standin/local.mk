# Programs that stand in for what a test machine lacks, and whether they do it
# well.
EXTRA_DIST += tests/standin/contract tests/standin/dagger
check_SCRIPTS += tests/standin/contract
