# The folder goes into the tarball as it is; manual pages are installed too:
# dist_man_MANS += docs/haft.1
EXTRA_DIST += docs

dist_man_MANS += docs/haft.conf.5 docs/haft-keeper.8
