/* table_image: what a table is but for its rows, as it is kept and made again.
 *
 * Plain data: names are views, which must live as long as they are used. */
#ifndef CARDINAL_TABLE_TABLE_IMAGE_H
#define CARDINAL_TABLE_TABLE_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/table/selector.h"
#include "proto/ack.h"
#include "proto/names.h"
#include "proto/value_hash.h"

struct image_column {
    uint32_t id;
    struct bytes_view name;
};

struct table_image {
    uint64_t id;
    uint32_t version; /* 1 when it was made, raised by each alteration */
    struct bytes_view name;
    uint8_t precision;
    enum hash_kind hash;
    uint64_t seed;
    bool no_rollup;
    enum ack ack; /* for writes that do not say */
    uint32_t next_column_id;
    uint32_t column_count;                    /* 1..COLUMNS_MAX */
    struct image_column columns[COLUMNS_MAX]; /* ids ascend, below next_column_id */
};

#endif
