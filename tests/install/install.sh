#!/bin/sh
# Installs the build into a folder of its own, moves it, and builds and runs the
# consumers against what is there, by CMake package and by pkg-config.
# usage: install.sh BUILD_DIR LIBDIR [COMPILER FLAGS]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=$1
libdir=$2
flags=${3:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "install: $*" >&2
    exit 1
}

cmake --install "$build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/moved" # nothing may remember where it was put
prefix=$work/moved

for file in bin/cardinald bin/cardinal include/cardinal.h "$libdir/libcardinal.so.0" \
    include/cardinal_async.h "$libdir/libcardinal-uv.so.0" "$libdir/pkgconfig/cardinal-uv.pc" \
    "$libdir/pkgconfig/cardinal.pc" "$libdir/cmake/cardinal/cardinalConfig.cmake" \
    "$libdir/cmake/cardinal/cardinalConfigVersion.cmake" share/man/man3/libcardinal.3; do
    [ -e "$prefix/$file" ] || fail "$file is not installed"
done
[ -n "$(find "$prefix" -name cardinald.conf)" ] || fail "the sample configuration is not installed"

for program in cardinald cardinal; do
    "$prefix/bin/$program" --version >/dev/null || fail "$program does not run"
done

# One way: find_package().
cmake -G Ninja -S "$here/consumer" -B "$work/by_cmake" -DCMAKE_PREFIX_PATH="$prefix" \
    -DCMAKE_C_FLAGS="$flags" -DCMAKE_CXX_FLAGS="$flags" >"$work/log" 2>&1 ||
    { cat "$work/log"; fail "find_package does not find the package"; }
cmake --build "$work/by_cmake" >"$work/log" 2>&1 ||
    { cat "$work/log"; fail "the consumers do not build by find_package"; }

# The other: pkg-config.
PKG_CONFIG_PATH=$prefix/$libdir/pkgconfig
export PKG_CONFIG_PATH
version=$(pkg-config --modversion cardinal)
mkdir "$work/by_pkg_config"
# Flags are lists of words.
# shellcheck disable=SC2046,SC2086
cc -std=c11 -Wall -Wextra -Wpedantic -Werror $flags "$here/consumer/consumer.c" \
    -o "$work/by_pkg_config/consumer_c" $(pkg-config --cflags --libs cardinal)
# shellcheck disable=SC2046,SC2086
c++ -std=c++17 -Wall -Wextra -Wpedantic -Werror $flags "$here/consumer/consumer.cpp" \
    -o "$work/by_pkg_config/consumer_cxx" $(pkg-config --cflags --libs cardinal)

# shellcheck disable=SC2046,SC2086
cc -std=gnu11 -Wall -Wextra -Werror $flags "$here/../../client/examples/async.c" \
    -o "$work/by_pkg_config/async" $(pkg-config --cflags --libs cardinal-uv)

LD_LIBRARY_PATH=$prefix/$libdir
export LD_LIBRARY_PATH
said=$(CARDINAL_SERVER=unix:///nonexistent/socket "$work/by_pkg_config/async" 2>&1) || true
case $said in
*"cannot connect"*) echo "async: $said" ;;
*) fail "the asynchronous example says '$said'" ;;
esac

for program in by_cmake/consumer_c by_cmake/consumer_cxx by_pkg_config/consumer_c \
    by_pkg_config/consumer_cxx; do
    said=$("$work/$program") || fail "$program fails"
    case $said in
    "$version: "*) echo "$program: $said" ;;
    *) fail "$program says '$said', and pkg-config version $version" ;;
    esac
done
