#!/bin/sh
# recovery.sh BIN [RUNS]: how long a start takes to bring 10,000,001 cells of one value back.
# Loads half of 909,091 keys x 11 columns, takes a snapshot, loads the other half, kills
# the daemon, and starts it RUNS (5) times on what it left. Prints what the daemon logs of
# each start, its resident memory, and whether the digest is as it was.
set -eu
export LC_ALL=C
bin=$1
runs=${2:-5}
. "$(dirname "$0")/../demo/daemon.sh"

fields=k,a,b,c,d,e,f,g,h,i,j,l
columns=a=a,b=b,c=c,d=d,e=e,f=f,g=g,h=h,i=i,j=j,l=l
work=$(mktemp -d)
trap 'stop_daemon || :; rm -rf "$work"' EXIT
trap 'exit 130' INT

# rows FROM TO: a row a key, every value another.
rows() {
    awk -v from="$1" -v to="$2" 'BEGIN {
        for (i = from; i < to; i++) {
            row = "k" i
            for (c = 0; c < 11; c++)
                row = row "\t" i "." c
            print row
        }
    }'
}

start() {
    start_daemon "unix://$work/socket" "$work" --data-dir "$work/data" || { cat "$work/log"; exit 1; }
}

kill_daemon() {
    kill -9 "$daemon_pid"
    wait "$daemon_pid" 2>/dev/null || :
    daemon_pid=
}

digest() {
    cardinal table show t --digest | grep digest
}

start
rows 0 454546 | cardinal load t - --fields "$fields" --key k --columns "$columns" --create
cardinal checkpoint
rows 454546 909091 | cardinal load t - --fields "$fields" --key k --columns "$columns" --ack durable
before=$(digest)
kill_daemon
ls -l "$work/data" | grep -- -0
for run in $(seq "$runs"); do
    start
    grep 'read what is on disk' "$work/log"
    grep VmRSS "/proc/$daemon_pid/status"
    [ "$(digest)" = "$before" ] && echo 'the same digest' || { echo 'another digest'; exit 1; }
    kill_daemon
done
