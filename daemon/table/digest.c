#define XXH_INLINE_ALL
#include <xxhash.h>

#include "daemon/table/table_impl.h"

#define DIGEST_SEED UINT64_C(0x63617264696e616c) /* of keys; never the process's */

struct digest {
    struct column_set columns;
    uint64_t sum;
};

/* Spreads every bit over the word (the finalizer of splitmix64). */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t row_digest(const struct table *table, const struct column_set *columns,
                           const struct row *row)
{
    struct bytes_view key = row_key(row);
    uint64_t digest = XXH3_64bits_withSeed(key.data, key.len, DIGEST_SEED);
    for (uint32_t i = 0; i < columns->count; i++) {
        const struct cell *cell = row_cell(row, columns->slots[i]);
        if (cell != NULL && cell->word != 0)
            digest += mix(cell_digest(cell, &table->shape) ^ mix(i + 1));
    }
    return mix(digest);
}

static enum status digest_stretch(struct table *table, const struct stretch *stretch, void *arg)
{
    struct digest *digest = arg;
    for (uint32_t i = 0; i < stretch->count; i++) {
        const struct row *row = pool_at(&stretch->shard->rows, stretch->refs[i]);
        digest->sum += row_digest(table, &digest->columns, row);
    }
    return ST_OK;
}

enum status table_digest(struct table *table, const struct task *task, uint64_t *digest)
{
    static const struct selector all = { .kind = SELECTOR_ALL };
    struct digest state = { .sum = 0 };
    enum status status = table_find_columns(table, NULL, 0, &state.columns, NULL);
    if (status == ST_OK)
        status = table_walk(table, &all, &state.columns, task, HOLD_DIGEST, digest_stretch, &state);
    if (status == ST_OK)
        *digest = state.sum;
    return status;
}
