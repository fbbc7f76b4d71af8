/* follower: a sink that makes a table of its own of the changes it is told of one
 * other, and demands that they come as change_sink.h says. */
#ifndef CARDINAL_TESTS_TABLE_FOLLOWER_H
#define CARDINAL_TESTS_TABLE_FOLLOWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/table/table_impl.h"

/* Where a follower's knowledge of one stream stands. */
struct followed_row {
    uint8_t key[32];
    size_t key_len;
    bool known;
};

struct follower {
    struct change_sink sink;
    struct catalog *catalog;
    struct table *table;
    uint64_t source_id;
    uint64_t sequences[SHARD_COUNT];
    struct followed_row *rows[SHARD_COUNT];
    uint64_t told;
    uint32_t version;
    unsigned drops;
    bool refuses; /* all changes of tables */
};

/* Follows the table that is made next in a catalog whose sink it is with a table of
 * the same two columns, c0 and c1. */
void follower_init(struct follower *follower);
void follower_release(struct follower *follower);

#endif
