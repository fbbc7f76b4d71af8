#!/bin/sh
# compare_redis.sh BIN [RUNS]: the same values into a fresh cardinald and a fresh
# redis-server (Debian's redis-tools has the program), by `cardinal load` and
# `redis-cli --pipe`, each server on a socket file in a folder of its own.
# Prints medians over RUNS (3): CPU time of the server, user and system, as the
# kernel accounts it for each thread; resident memory grown by; seconds until
# the loading program was done.
#
#   wide     the reference files keyed by k4: 60,010 keys x 11 columns, nearly
#            all of one value
#   again    the same files a second time: nothing changes
#   grouped  the reference files keyed by k1: 255 keys x 11 columns
#   hot      2,000,000 distinct values of 16 characters into one sketch; Redis
#            gets them 1,000 a command
#   union    distinct values of k3 over all 60,010 keys of `wide`
set -eu
export LC_ALL=C
bin=$1
runs=${2:-3}
. "$(dirname "$0")/../demo/daemon.sh"

fields=k1,k2,k3,k4,k5,k6,k10,k11,k7,k8,k9
hot_values=2000000
work=$(mktemp -d)
redis_pid=

stop_redis() {
    [ -n "$redis_pid" ] || return 0
    kill "$redis_pid"
    wait "$redis_pid" || :
    redis_pid=
}

trap 'stop_daemon || :; stop_redis; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

start_redis() {
    redis-server --port 0 --unixsocket "$work/redis.sock" --save '' --appendonly no >"$work/redis.log" &
    redis_pid=$!
    until redis ping >"$work/pong" 2>&1 && grep -q PONG "$work/pong"; do
        kill -0 "$redis_pid"
        sleep 0.05
    done
}

redis() {
    redis-cli -s "$work/redis.sock" "$@"
}

# Commands in the protocol of Redis: a PFADD for each field of each row of the
# reference files, keyed by the field of that number.
reference_commands() {
    awk -F '\t' -v at="$1" -v fields="$fields" '
        BEGIN { n = split(fields, name, ",") }
        {
            for (i = 1; i <= n; i++) {
                key = $at ":" name[i]
                printf "*3\r\n$5\r\nPFADD\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n", length(key), key, length($i), $i
            }
        }' "$work/small.tsv" "$work/large.tsv"
}

hot_commands() {
    awk '
        NR % 1000 == 1 { printf "*1002\r\n$5\r\nPFADD\r\n$3\r\nhot\r\n" }
        { printf "$16\r\n%s\r\n", $2 }' "$work/hot.tsv"
}

union_command() {
    awk -F '\t' '
        !($4 in seen) { seen[$4] = 1; key[++n] = $4 ":k3" }
        END {
            printf "*%d\r\n$7\r\nPFCOUNT\r\n", n + 1
            for (i = 1; i <= n; i++) printf "$%d\r\n%s\r\n", length(key[i]), key[i]
        }' "$work/small.tsv" "$work/large.tsv"
}

prepare() {
    "$bin/reference-generate" "$work"
    awk -v n="$hot_values" 'BEGIN { for (i = 0; i < n; i++) printf "hot\t%016x\n", i }' >"$work/hot.tsv"
    reference_commands 4 >"$work/wide.resp"
    reference_commands 1 >"$work/grouped.resp"
    hot_commands >"$work/hot.resp"
    union_command >"$work/union.resp"
}

# CPU nanoseconds of all threads, and resident bytes, of a process.
cpu_ns() {
    cat "/proc/$1"/task/*/schedstat | awk '{ ns += $1 } END { printf "%.0f\n", ns }'
}

resident() {
    awk '/^VmRSS/ { print $2 * 1024 }' "/proc/$1/status"
}

# measure PID SERVER WORKLOAD COUNT COMMAND...: runs the command and appends
# "SERVER WORKLOAD cpu-ns-per-count seconds resident-bytes-grown" to the results.
measure() {
    pid=$1 server=$2 workload=$3 count=$4
    shift 4
    memory=$(resident "$pid")
    cpu=$(cpu_ns "$pid")
    began=$(date +%s%N)
    "$@" >"$work/output"
    ended=$(date +%s%N)
    cpu=$(($(cpu_ns "$pid") - cpu))
    memory=$(($(resident "$pid") - memory))
    awk -v cpu="$cpu" -v count="$count" -v ns="$((ended - began))" -v memory="$memory" \
        -v name="$server $workload" 'BEGIN { print name, cpu / count, ns / 1e9, memory }' >>"$work/results"
}

load_reference() {
    cardinal load "$1" "$work/small.tsv" --fields "$fields" --key "$2" --create
    cardinal load "$1" "$work/large.tsv" --fields "$fields" --key "$2" --create
}

load_hot() {
    cardinal load hot "$work/hot.tsv" --fields key,value --key key --columns value=value --create
}

pipe() {
    redis --pipe <"$work/$1.resp"
}

values=$((60015 * 11))

run_cardinald() {
    for workload in 'wide k4' 'grouped k1'; do
        start_daemon "unix://$work/cardinald.sock" "$work"
        measure "$daemon_pid" cardinald "${workload% *}" $values load_reference "${workload% *}" "${workload#* }"
        if [ "${workload% *}" = wide ]; then
            measure "$daemon_pid" cardinald again $values load_reference wide k4
            measure "$daemon_pid" cardinald union 1 cardinal union wide --all --columns k3
        fi
        stop_daemon
    done
    start_daemon "unix://$work/cardinald.sock" "$work"
    measure "$daemon_pid" cardinald hot "$hot_values" load_hot
    stop_daemon
}

run_redis() {
    for workload in wide grouped; do
        start_redis
        measure "$redis_pid" redis "$workload" $values pipe "$workload"
        if [ "$workload" = wide ]; then
            measure "$redis_pid" redis again $values pipe wide
            measure "$redis_pid" redis union 1 pipe union
        fi
        stop_redis
    done
    start_redis
    measure "$redis_pid" redis hot "$hot_values" pipe hot
    stop_redis
}

# median SERVER WORKLOAD FIELD
median() {
    awk -v server="$1" -v workload="$2" -v field="$3" '$1 == server && $2 == workload { print $field }' \
        "$work/results" | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

report() {
    redis-server --version | awk '{ print "Redis " $3 ", " }' | tr -d '\n'
    "$bin/cardinald" --version
    printf '%-10s %-10s %12s %10s %14s\n' workload server 'CPU ns' seconds 'memory, MiB'
    for workload in wide again grouped hot union; do
        for server in cardinald redis; do
            printf '%-10s %-10s %12.1f %10.3f %14.1f\n' "$workload" "$server" \
                "$(median $server $workload 3)" "$(median $server $workload 4)" \
                "$(median $server $workload 5 | awk '{ print $1 / 1048576 }')"
        done
    done
    echo 'CPU ns: of the server, a value; for union, the whole answer'
}

prepare
run=0
while [ "$run" -lt "$runs" ]; do
    run_cardinald
    run_redis
    run=$((run + 1))
done
report
