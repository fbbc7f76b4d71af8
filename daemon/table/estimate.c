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

/* Puts the next keys into the window, sorted by insertion. */
static void fill_window(struct window *window, const struct table *table,
                        const struct bytes_view *keys, size_t first, size_t n)
{
    window->count = 0;
    for (size_t i = first; i < n && window->count < window->room; i++) {
        struct placed_key placed = { keys[i], shard_set_hash(&table->shards, keys[i]) };
        uint32_t to = window->count++;
        for (; to > 0 && shard_number(window->keys[to - 1].hash) > shard_number(placed.hash);
             to--) {
            window->keys[to] = window->keys[to - 1];
            window->at[to] = window->at[to - 1];
        }
        window->keys[to] = placed;
        window->at[to] = i;
    }
    for (uint32_t i = 0; i < window->count; i++)
        window->shards[i] = shard_set_get(&table->shards, shard_number(window->keys[i].hash));
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
