# What a plugin author installs beside the public headers.
dist_aclocal_DATA += sdk/haft.m4
