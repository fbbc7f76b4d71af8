#!/bin/sh
# The library exports the functions of cardinal.h, all of them and nothing else.
# usage: exports.sh LIBRARY HEADER
set -eu

exported=$(nm -D --defined-only "$1" | awk '{ print $NF }' | sort)
declared=$(tr '\n' ' ' <"$2" | grep -o 'CARDINAL_API [^;(]*(' | grep -o 'cardinal_[a-z_0-9]*($' |
    tr -d '(' | sort)
[ -n "$declared" ] || { echo "no declarations found in $2" >&2; exit 1; }
if [ "$exported" != "$declared" ]; then
    echo "exported:" $exported >&2
    echo "declared:" $declared >&2
    exit 1
fi
echo "$(echo "$exported" | wc -l) functions, exported as declared"
