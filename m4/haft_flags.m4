# HAFT_COMPILER_FLAGS
# -------------------
# Sets WARN_CFLAGS, SAN_CFLAGS, COVER_CFLAGS and FUZZ_CFLAGS from the options
# strict, san, cover and fuzzers. The user's own CFLAGS are never touched.
AC_DEFUN([HAFT_COMPILER_FLAGS], [
AC_SUBST([WARN_CFLAGS], ["-Wall -Wextra -Wpedantic -Wshadow dnl
-Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef -Wwrite-strings"])
AS_IF([test "x$enable_strict" = xyes], [WARN_CFLAGS="$WARN_CFLAGS -Werror"])

SAN_CFLAGS=
AS_CASE([$enable_san],
    [no], [],
    [address|undefined|address,undefined|thread],
    [SAN_CFLAGS="-fsanitize=$enable_san -fno-omit-frame-pointer dnl
-fno-sanitize-recover=all"],
    [AC_MSG_ERROR([--enable-san takes address, undefined, dnl
address,undefined or thread, not "$enable_san"])])
AC_SUBST([SAN_CFLAGS])
AM_CONDITIONAL([SAN], [test "x$enable_san" != xno])
AM_CONDITIONAL([SAN_THREAD], [test "x$enable_san" = xthread])

COVER_CFLAGS=
AS_IF([test "x$enable_cover" = xyes],
    [COVER_CFLAGS="--coverage -fprofile-update=atomic"])
AC_SUBST([COVER_CFLAGS])
AM_CONDITIONAL([COVER], [test "x$enable_cover" = xyes])

FUZZ_CFLAGS=
AS_IF([test "x$enable_fuzzers" = xyes], [
    haft_save_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -fsanitize=fuzzer-no-link"
    AC_MSG_CHECKING([whether $CC has libFuzzer])
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM()], [AC_MSG_RESULT([yes])],
        [AC_MSG_RESULT([no])
         AC_MSG_ERROR([--enable-fuzzers needs CC=clang])])
    CFLAGS=$haft_save_CFLAGS
    FUZZ_CFLAGS=-fsanitize=fuzzer-no-link
])
AC_SUBST([FUZZ_CFLAGS])
AC_SUBST([FUZZ_ENGINE], [-fsanitize=fuzzer])
AM_CONDITIONAL([FUZZERS], [test "x$enable_fuzzers" = xyes])
])
