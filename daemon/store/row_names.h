/* row_names: which key each row number of one stream stands for.
 *
 * Takes 32 bytes a row, and the keys. Thread safety: none. */
#ifndef CARDINAL_STORE_ROW_NAMES_H
#define CARDINAL_STORE_ROW_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/table/selector.h"

/* Where keys are kept, one behind the other, until all of them go. */
struct key_store {
    struct key_chunk *chunks;
    size_t used; /* of the first chunk */
};

void key_store_release(struct key_store *keys);

struct row_name {
    uint32_t id;
    uint32_t len; /* of the key; ROW_NAME_FREE: the place is */
    const uint8_t *key;
};

/* By id, in an open-addressed table of 2^bits places. */
struct row_names {
    struct row_name *places;
    uint32_t bits;
    uint32_t count;
};

void row_names_init(struct row_names *names);
void row_names_release(struct row_names *names);

/* The number stands for the key from here on; false without memory. */
bool row_names_set(struct row_names *names, struct key_store *keys, uint32_t id,
                   struct bytes_view key);

/* Its key; false if it stands for none. */
bool row_names_get(const struct row_names *names, uint32_t id, struct bytes_view *key);

/* The number stands for nothing any more. */
void row_names_forget(struct row_names *names, uint32_t id);

/* What `was` stands for goes by `is` from here on, if it stands for anything; false without memory.
 */
bool row_names_move(struct row_names *names, uint32_t was, uint32_t is);

#endif
