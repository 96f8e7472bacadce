# HAFT_SDK([MINIMUM-VERSION])
# ---------------------------
# For a plugin that is built with autoconf: finds the haft headers through
# pkg-config, sets HAFT_CFLAGS, and sets haftplugindir, the folder where the
# host looks for modules. Link a module with HAFT_LDFLAGS.
#
#     plugin_LTLIBRARIES = notify-mine.la
#     plugindir = $(haftplugindir)
#     notify_mine_la_CFLAGS = $(HAFT_CFLAGS)
#     notify_mine_la_LDFLAGS = $(HAFT_LDFLAGS)
AC_DEFUN([HAFT_SDK], [
AC_REQUIRE([PKG_PROG_PKG_CONFIG])
PKG_CHECK_MODULES([HAFT], [haft m4_ifval([$1], [>= $1])])
PKG_CHECK_VAR([haftplugindir], [haft], [plugindir])
AC_SUBST([HAFT_LDFLAGS], ["-module -avoid-version -shared dnl
-export-symbols-regex ^haft_module_v1\$\$"])
])
