#!/bin/sh
# Every public header stands alone, in each language that a plugin may be
# written in.
set -eu
cd "${HAFT_SRCDIR:-$(dirname "$0")/../..}"
cc=${CC:-cc}
cxx=${HAFT_CXX:-none}
[ "$cxx" != none ] || cxx=$(command -v c++ || echo none) # come since then
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

try() {
    language=$1
    shift
    if ! "$@" -Wall -Wextra -pedantic -Werror -Iinclude -I"$work/sdk" \
        -fsyntax-only "$work/one.${language%%:*}"; then
        echo "$header: not clean as ${language##*:}"
        failed=1
    fi
}

# The sdk's headers are installed beside the others.
mkdir -p "$work/sdk/haft"
find sdk -maxdepth 1 -name '*.h*' -exec cp {} "$work/sdk/haft/" \;

headers=$(cd include && find haft -name '*.h' | sort)
headers="$headers $(cd "$work/sdk" && find haft -name '*.h' | sort)"
for header in $headers; do
    printf '#include <%s>\n#include <%s>\nextern int one;\n' \
        "$header" "$header" >"$work/one.c"
    cp "$work/one.c" "$work/one.cc"
    # $cc may carry flags of its own.
    # shellcheck disable=SC2086
    {
        try c:C99 $cc -std=c99
        try c:C11 $cc -std=c11
        if [ "$cxx" != none ]; then
            try cc:C++11 $cxx -std=c++11
            try cc:C++20 $cxx -std=c++20
        fi
    }
done
headers=$(cd "$work/sdk" && find haft -name '*.hh' | sort)
for header in $headers; do
    printf '#include <%s>\n#include <%s>\nextern int one;\n' \
        "$header" "$header" >"$work/one.cc"
    [ "$cxx" = none ] || {
        try cc:C++17 "$cxx" -std=c++17
        try cc:C++20 "$cxx" -std=c++20
    }
done
[ "$cxx" != none ] || echo "no C++ compiler: looked at C alone"
exit "$failed"
