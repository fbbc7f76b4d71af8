# A daemon to play with: to be sourced by scripts that set $bin, the folder of
# the programs, and run under `set -eu`.

daemon_pid=

# start_daemon ADDRESS DIR [ARGS]: starts it in the background, its log in
# DIR/log, and sets $address to the one bound. Returns 1 if it ended instead.
start_daemon() {
    listen=$1
    folder=$2
    shift 2
    : >"$folder/ready"
    "$bin/cardinald" --listen "$listen" "$@" >"$folder/ready" 2>"$folder/log" </dev/null &
    daemon_pid=$!
    until address=$(grep -o -E '(tcp|unix)://[^ ,"]+' "$folder/ready" | head -n 1) && [ -n "$address" ]; do
        if ! kill -0 "$daemon_pid" 2>/dev/null; then
            daemon_pid=
            return 1
        fi
        sleep 0.05
    done
}

# Asks it to stop and waits; returns its exit status, 0 if there is none.
stop_daemon() {
    [ -n "$daemon_pid" ] || return 0
    kill "$daemon_pid" 2>/dev/null || :
    stopping=$daemon_pid
    daemon_pid=
    wait "$stopping"
}

cardinal() {
    "$bin/cardinal" --server "$address" "$@"
}
