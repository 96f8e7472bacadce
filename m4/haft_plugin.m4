# HAFT_PLUGIN(NAME, [VARIABLE, PKG-CONFIG-MODULES])
# -------------------------------------------------
# A bundled plugin: the option --enable-plugin-NAME, the automake conditional
# PLUGIN_NAME, and VARIABLE_CFLAGS and VARIABLE_LIBS of the library it needs.
# By default a plugin whose library is missing is left out with a line that
# says so; asked for by name, a missing library is an error.
AC_DEFUN([HAFT_PLUGIN], [
AC_ARG_ENABLE([plugin-$1],
    [AS_HELP_STRING([--disable-plugin-$1], [leave out the plugin $1])],
    [], [enable_plugin_[]m4_translit([$1], [-], [_])=auto])
haft_want=$enable_plugin_[]m4_translit([$1], [-], [_])
m4_ifval([$2], [
AS_IF([test "x$haft_want" != xno],
    [PKG_CHECK_MODULES([$2], [$3], [], [
        AS_IF([test "x$haft_want" = xyes],
            [AC_MSG_ERROR([the plugin $1 needs $3: $$2[]_PKG_ERRORS])])
        AC_MSG_WARN([the plugin $1 is left out: it needs $3])
        haft_want=no])])])
AS_IF([test "x$haft_want" = xno],
    [haft_plugins_out="$haft_plugins_out $1"],
    [haft_plugins_in="$haft_plugins_in $1"])
AM_CONDITIONAL([PLUGIN_]m4_translit([$1], [a-z-], [A-Z_]),
    [test "x$haft_want" != xno])
])
