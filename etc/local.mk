# The folder goes into the tarball as it is.
EXTRA_DIST += etc
