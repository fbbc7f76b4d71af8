#include "daemon/table/table_impl.h"

#define WINDOW 32u         /* keys that are looked up together, at most */
#define WINDOW_CELLS 1024u /* cells that are read under one hold of locks */

void row_estimates(const struct table *table, const struct row *row,
                   const struct column_set *columns, struct estimate *out)
{
    for (uint32_t i = 0; i < columns->count; i++) {
        const struct cell *cell = row == NULL ? NULL : row_cell(row, columns->slots[i]);
        out[i] = cell == NULL ? (struct estimate){ 0.0, 0.0 } : cell_estimate(cell, &table->shape);
    }
}

bool table_estimate(struct table *table, struct bytes_view key, struct column_set *columns,
                    struct estimate *out)
{
    bool found;
    table_estimate_many(table, &key, 1, columns, out, &found);
    return found;
}

/* Keys that are looked up together, in the order of their shards. */
struct window {
    uint32_t room;
    uint32_t count;
    struct placed_key keys[WINDOW];
    struct shard *shards[WINDOW]; /* NULL: has no keys */
    size_t at[WINDOW];            /* in the caller's arrays */
};

/* Turns how many keys each shard has into where its first is to stand. */
static void begin_shards(uint8_t first[SHARD_COUNT])
{
    uint8_t at = 0;
    for (uint32_t i = 0; i < SHARD_COUNT; i++) {
        uint8_t count = first[i];
        first[i] = at;
        at = (uint8_t)(at + count);
    }
}

/* Puts the next keys into the window, sorted by counting. */
static void fill_window(struct window *window, const struct table *table,
                        const struct bytes_view *keys, size_t first, size_t n)
{
    uint8_t places[SHARD_COUNT] = { 0 };
    uint64_t hashes[WINDOW] = { 0 };
    window->count = n - first < window->room ? (uint32_t)(n - first) : window->room;
    for (uint32_t i = 0; i < window->count; i++) {
        hashes[i] = shard_set_hash(&table->shards, keys[first + i]);
        places[shard_number(hashes[i])]++;
    }
    if (window->count > 1)
        begin_shards(places);
    else
        places[shard_number(hashes[0])] = 0;
    for (uint32_t i = 0; i < window->count; i++) {
        uint32_t shard = shard_number(hashes[i]);
        uint32_t to = places[shard]++;
        window->keys[to] = (struct placed_key){ keys[first + i], hashes[i] };
        window->at[to] = first + i;
        window->shards[to] = shard_set_get(&table->shards, shard);
    }
}

/* Locks the window's shards, in ascending order as everybody must who holds
 * several, and fetches ahead what the look-ups need. */
static void lock_window(const struct window *window)
{
    const struct shard *last = NULL;
    for (uint32_t i = 0; i < window->count; i++) {
        if (window->shards[i] != NULL && window->shards[i] != last)
            shard_lock(window->shards[i], HOLD_POINT);
        last = window->shards[i];
    }
    if (window->count == 1)
        return;
    for (uint32_t i = 0; i < window->count; i++) {
        if (window->shards[i] != NULL)
            shard_prefetch(window->shards[i], window->keys[i].hash);
    }
    for (uint32_t i = 0; i < window->count; i++) {
        if (window->shards[i] != NULL)
            shard_guess(window->shards[i], window->keys[i].hash);
    }
}

static void unlock_window(const struct window *window)
{
    const struct shard *last = NULL;
    for (uint32_t i = 0; i < window->count; i++) {
        if (window->shards[i] != NULL && window->shards[i] != last)
            shard_unlock(window->shards[i]);
        last = window->shards[i];
    }
}

void table_estimate_many(struct table *table, const struct bytes_view *keys, size_t n,
                         struct column_set *columns, struct estimate *out, bool *found)
{
    struct window window;
    window.room = WINDOW;
    if (columns->count > WINDOW_CELLS / WINDOW)
        window.room = WINDOW_CELLS / columns->count;
    for (size_t first = 0; first < n; first += window.count) {
        fill_window(&window, table, keys, first, n);
        lock_window(&window);
        schema_refresh(&table->schema, columns);
        for (uint32_t i = 0; i < window.count; i++) {
            const struct row *row =
                window.shards[i] == NULL ? NULL : shard_find(window.shards[i], &window.keys[i]);
            found[window.at[i]] = row != NULL;
            row_estimates(table, row, columns, out + window.at[i] * columns->count);
        }
        unlock_window(&window);
    }
}
