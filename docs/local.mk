# The folder goes into the tarball as it is; manual pages are installed too.
EXTRA_DIST += docs

dist_man_MANS += docs/haft.1 docs/haft.conf.5 docs/haft-keeper.8
