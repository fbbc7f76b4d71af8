#!/bin/sh
# memory_rounds.sh BIN [KEYS [ROUNDS [VALUES]]]: what is resident after ROUNDS (20) of filling
# a table of KEYS (1,000,000) with VALUES (1) each and deleting a random half of them.
set -eu
CARDINAL_ROUNDS_KEYS=${2:-1000000} CARDINAL_ROUNDS=${3:-20} CARDINAL_ROUNDS_VALUES=${4:-1} \
    CK_DEFAULT_TIMEOUT=0 exec "$1/test_memory_rounds"
