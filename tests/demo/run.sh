#!/bin/sh
# run.sh BIN WORK ADDRESS [--once]: starts the daemon there, or on a free port if
# the address is taken, loads the sample and prints its answers beside the exact
# counts; then the daemon stays until Ctrl-C, or with --once is stopped. Fails if
# anything did, or an estimate is off by more than it may be.
set -eu
export LC_ALL=C
bin=$1
work=$2
wanted=$3
once=${4:-}
. "$(dirname "$0")/daemon.sh"

fields=k1,k2,k3,k4,k5,k6,k10,k11,k7,k8,k9
wrong=

say() {
    printf '%s\n' "$*" >&2
}

die() {
    say "$*"
    exit 1
}

# exact_counts [FIELD NUMBER, KEY]: prints "COLUMN COUNT" for k1..k11, the
# distinct values in the sample, or in its rows where that field is the key,
# counted by keeping them all.
exact_counts() {
    awk -F '\t' -v fields="$fields" -v at="${1:-0}" -v key="${2:-}" '
        BEGIN { n = split(fields, name, ",") }
        at && $at "" != key { next }
        { for (i = 1; i <= n; i++) if (!((i, $i) in seen)) { seen[i, $i] = 1; count[name[i]]++ } }
        END { for (i = 1; i <= n; i++) print "k" i, count["k" i] + 0 }
    ' "$work/small.tsv" "$work/large.tsv"
}

# show TITLE: prints the estimates of $work/answer, a line of JSON, beside the
# counts of $work/exact. Up to 100 they must be equal, up to 3,800 differ by 3
# at most, and above that by 4 standard errors of 0.8125 %, which is the error of
# a sketch of 2^14 registers.
show() {
    printf '\n%s\n  %-4s %10s %10s  %8s\n' "$1" '' estimate exact off
    tr '{,}' '\n\n\n' <"$work/answer" | sed -n 's/^ *"\(k[0-9]*\)": *\([0-9]*\)$/\1 \2/p' >"$work/estimates"
    awk '
        NR == FNR { estimate[$1] = $2; next }
        {
            may = $2 <= 100 ? 0 : $2 <= 3800 ? 3 : $2 * 0.008125 * 4
            off = estimate[$1] - $2
            bad = !($1 in estimate) || off > may || -off > may
            failed += bad
            printf "  %-4s %10s %10s  %+6.2f %%%s\n", $1, estimate[$1], $2, off * 100 / $2,
                bad ? "  more than it may be" : ""
        }
        END { exit failed > 0 }
    ' "$work/estimates" "$work/exact" || wrong=yes
}

# load TABLE KEY
load() {
    for file in small large; do
        printf '\ncardinal load %s %s.tsv --fields %s --key %s --create\n' "$1" "$file" "$fields" "$2"
        cardinal load "$1" "$work/$file.tsv" --fields "$fields" --key "$2" --create
    done
}

start() {
    start_daemon "$wanted" "$work" && return
    grep -q -i 'in use' "$work/log" || die "cardinald did not start: $(cat "$work/log")"
    say "$wanted is taken, so the daemon listens elsewhere"
    start_daemon tcp://127.0.0.1:0 "$work" || die "cardinald did not start: $(cat "$work/log")"
}

# count TABLE FIELD NUMBER, KEY
count() {
    exact_counts "$2" "$3" >"$work/exact"
    cardinal --json count "$1" -- "$3" >"$work/answer"
    show "cardinal count $1 -- '$3'"
}

# Keyed by k4 the sample has 60,010 keys, most of one value in each column; keyed
# by k1 it has 255 of some hundreds, by k11 9 of some thousands.
answer() {
    load by_k4 k4
    load by_k1 k1
    load by_k11 k11
    printf '\ncardinal table list\n'
    cardinal table list
    exact_counts >"$work/exact"
    cardinal --json union by_k4 --all >"$work/answer"
    show 'cardinal union by_k4 --all'
    count by_k1 1 -49
    count by_k11 8 '2001-09-09 01:46:40'
}

trap 'stop_daemon || :' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir -p "$work"
"$bin/reference-generate" "$work"
start
printf 'cardinald listens on %s, its log is %s\n' "$address" "$work/log"
answer
[ -z "$wrong" ] || die 'an estimate is off by more than it may be'
if [ "$once" = --once ]; then
    stop_daemon || die "cardinald failed: $(cat "$work/log")"
    exit
fi
printf '\ncardinald stays on %s until Ctrl-C\n' "$address"
[ "$address" = "$wanted" ] || printf 'reach it with: export CARDINAL_SERVER=%s\n' "$address"
trap 'stop_daemon; exit' INT TERM
wait "$daemon_pid" || die "cardinald ended: $(cat "$work/log")"
