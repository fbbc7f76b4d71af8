#include "tests/unit/table/fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "daemon/memory/heap.h"
#include "daemon/table/table_impl.h"

struct bytes_view view(const char *text)
{
    return (struct bytes_view){ (const uint8_t *)text, strlen(text) };
}

struct table *fixture_table(struct catalog **catalog, const char *const *columns, size_t count)
{
    struct bytes_view names[COLUMNS_MAX];
    for (size_t i = 0; i < count; i++)
        names[i] = view(columns[i]);
    struct table_spec spec = { .name = view("t"), .columns = names, .column_count = count };
    struct table *table;
    bool created;
    *catalog = catalog_new(10, 12345);
    ck_assert_ptr_nonnull(*catalog);
    ck_assert_int_eq(catalog_create(*catalog, &spec, false, &table, &created, NULL), ST_OK);
    ck_assert(created);
    return table;
}

void filler_init(struct filler *filler)
{
    memset(filler, 0, sizeof *filler);
}

void filler_release(struct filler *filler)
{
    free(filler->batch.rows);
    free(filler->batch.cells);
    free(filler->hashes);
    free(filler->keys);
}

static void *grown(void *old, size_t size)
{
    void *bigger = realloc(old, size);
    ck_assert_ptr_nonnull(bigger);
    return bigger;
}

/* Keys and hashes are kept by offset until filler_seal(), as they may move. */
void filler_row(struct filler *filler, struct bytes_view key)
{
    struct batch *batch = &filler->batch;
    if (batch->row_count == filler->row_room) {
        filler->row_room = filler->row_room * 2 + 8;
        batch->rows = grown(batch->rows, filler->row_room * sizeof *batch->rows);
    }
    while (filler->key_bytes + key.len >= filler->key_room) {
        filler->key_room = filler->key_room * 2 + 64;
        filler->keys = grown(filler->keys, filler->key_room);
    }
    if (key.len > 0)
        memcpy(filler->keys + filler->key_bytes, key.data, key.len);
    batch->rows[batch->row_count++] = (struct batch_row){
        .key = (const uint8_t *)filler->key_bytes, /* an offset yet */
        .key_len = (uint32_t)key.len,
    };
    filler->key_bytes += key.len;
}

void filler_cell(struct filler *filler, uint32_t column, const uint64_t *hashes, size_t n)
{
    struct batch *batch = &filler->batch;
    uint32_t at = filler->cell_count++;
    if (at == filler->cell_room) {
        filler->cell_room = filler->cell_room * 2 + 8;
        batch->cells = grown(batch->cells, filler->cell_room * sizeof *batch->cells);
    }
    while (batch->value_count + n > filler->hash_room) {
        filler->hash_room = filler->hash_room * 2 + 64;
        filler->hashes = grown(filler->hashes, filler->hash_room * sizeof(uint64_t));
    }
    memcpy(filler->hashes + batch->value_count, hashes, n * sizeof(uint64_t));
    batch->cells[at] = (struct batch_cell){
        .hashes = (const uint8_t *)batch->value_count, /* an offset yet */
        .n = (uint32_t)n,
        .column = column,
    };
    struct batch_row *row = &batch->rows[batch->row_count - 1];
    if (row->cell_count++ == 0)
        row->first_cell = at;
    batch->value_count += n;
}

void filler_seal(struct filler *filler, const struct column_set *columns)
{
    struct batch *batch = &filler->batch;
    batch->column_count = columns->count;
    for (uint32_t i = 0; i < batch->row_count; i++) {
        struct batch_row *row = &batch->rows[i];
        row->key = filler->keys + (uintptr_t)row->key;
        for (uint32_t c = 0; c < row->cell_count; c++) {
            struct batch_cell *cell = &batch->cells[row->first_cell + c];
            cell->hashes = (const uint8_t *)(filler->hashes + (uintptr_t)cell->hashes);
        }
    }
}

void filler_empty(struct filler *filler)
{
    filler->batch.row_count = 0;
    filler->batch.value_count = 0;
    filler->cell_count = 0;
    filler->key_bytes = 0;
}

uint64_t filler_apply(struct filler *filler, struct table *table, struct column_set *columns,
                      size_t max_values)
{
    struct apply_cursor cursor = { 0 };
    filler_seal(filler, columns);
    for (bool done = false; !done;)
        ck_assert_int_eq(table_apply(table, &filler->batch, columns, &cursor, max_values, &done),
                         ST_OK);
    filler_empty(filler);
    return cursor.changes;
}

void add_values(struct table *table, struct bytes_view key, const char *column, uint64_t first,
                size_t n)
{
    struct bytes_view name = view(column);
    struct column_set columns;
    ck_assert_int_eq(table_find_columns(table, &name, 1, &columns, NULL), ST_OK);
    uint64_t *hashes = malloc(n * sizeof *hashes);
    ck_assert_ptr_nonnull(hashes);
    for (size_t i = 0; i < n; i++)
        hashes[i] = value_hash(first + i);
    struct filler filler;
    filler_init(&filler);
    filler_row(&filler, key);
    filler_cell(&filler, 0, hashes, n);
    filler_apply(&filler, table, &columns, 1000);
    filler_release(&filler);
    free(hashes);
}

struct table *numbered_table(struct catalog **catalog, uint32_t count)
{
    static const char *const columns_ab[] = { "a", "b" };
    struct table *table = fixture_table(catalog, columns_ab, 2);
    struct column_set columns;
    struct filler filler;
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    filler_init(&filler);
    for (uint32_t i = 0; i < count; i++) {
        char key[16];
        uint64_t hash = value_hash(i);
        snprintf(key, sizeof key, "k%05u", i);
        filler_row(&filler, view(key));
        filler_cell(&filler, 0, &hash, 1);
        if (i % 200 == 199 || i == count - 1)
            ck_assert_uint_eq(filler_apply(&filler, table, &columns, 1000), i % 200 + 1);
    }
    filler_release(&filler);
    return table;
}

uint64_t value_hash(uint64_t value)
{
    return XXH3_64bits(&value, sizeof value);
}

double count_of(struct table *table, struct bytes_view key, const char *column)
{
    struct bytes_view name = view(column);
    struct column_set columns;
    struct estimate estimate;
    ck_assert_int_eq(table_find_columns(table, &name, 1, &columns, NULL), ST_OK);
    bool found = table_estimate(table, key, &columns, &estimate);
    return found ? estimate.value : -1.0;
}

uint64_t keys_of(struct table *table)
{
    struct table_usage usage = { 0 };
    table_add_usage(table, &usage);
    return usage.keys;
}

struct column_set column_of(struct table *table, const char *name)
{
    struct bytes_view wanted = view(name);
    struct column_set columns;
    ck_assert_int_eq(table_find_columns(table, &wanted, 1, &columns, NULL), ST_OK);
    return columns;
}

struct selector list_of(const struct bytes_view *keys, size_t count)
{
    return (struct selector){ .kind = SELECTOR_LIST, .list = keys, .list_count = count };
}

struct selector prefix_of(const char *prefix)
{
    return (struct selector){ .kind = SELECTOR_PREFIX, .prefix = view(prefix) };
}

uint64_t digest_of(struct table *table)
{
    uint64_t digest;
    ck_assert_int_eq(table_digest(table, NULL, &digest), ST_OK);
    return digest;
}

void random_init(struct random *random, const char *test)
{
    const char *given = getenv("CARDINAL_TEST_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    printf("%s: CARDINAL_TEST_SEED=%llu\n", test, (unsigned long long)seed);
    fflush(stdout);
    random->state = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
}

uint64_t random_below(struct random *random, uint64_t end)
{
    uint64_t x = random->state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    random->state = x;
    return (x * UINT64_C(0x2545f4914f6cdd1d) >> 16) % end;
}

static void count_row(const struct row *row, struct table_usage *usage, size_t *blocks)
{
    bool used = false;
    const struct cell *cells = row_cells(row);
    *blocks += pool_block_bytes(row_bytes(row));
    usage->keys++;
    for (unsigned i = 0; i < row_cell_count(row); i++) {
        enum cell_state state = cell_state(&cells[i]);
        if (state == CELL_EMPTY)
            continue;
        used = true;
        usage->cells[state]++;
        usage->cell_bytes[state] += cell_bytes(&cells[i]);
    }
    ck_assert_msg(used, "a key without a value");
}

static size_t index_bytes(const struct index *index)
{
    if (index->directory == NULL)
        return 0;
    size_t bytes = heap_block_bytes(((size_t)1 << index->depth) * sizeof(void *));
    const struct index_segment *last = NULL;
    for (size_t i = 0; i < (size_t)1 << index->depth; i++) {
        const struct index_segment *segment = index->directory[i];
        if (segment != last)
            bytes +=
                heap_block_bytes(sizeof *segment + (sizeof(struct index_entry) << segment->bits));
        last = segment;
    }
    return bytes;
}

static size_t order_bytes(const struct order *order)
{
    if (order->room == 0)
        return 0;
    size_t bytes = heap_block_bytes(order->room * sizeof *order->heads) +
                   heap_block_bytes(order->room * sizeof *order->leaves);
    for (uint32_t i = 0; i < order->count; i++)
        bytes += heap_block_bytes(sizeof(struct leaf) +
                                  order->leaves[i]->room * sizeof(struct run_entry));
    return bytes;
}

/* Adds what the pool's chunks take, whose blocks in use come to that many bytes. */
static void count_pool(const struct pool *pool, size_t blocks, struct table_usage *usage)
{
    size_t units =
        pool->chunk_count == 1 ? pool->end : (pool->chunk_count - pool->gone) * POOL_CHUNK_UNITS;
    size_t unused = (size_t)(pool->end - pool->next);
    uint32_t gone = 0;
    if (pool->chunk_count > 0)
        ck_assert_uint_eq(blocks + pool_free_bytes(pool), (units - unused - 1) * POOL_UNIT_BYTES);
    for (uint32_t i = 0; i < pool->chunk_count; i++) {
        size_t chunk = i == pool->open ? pool->touched - i * POOL_CHUNK_UNITS : POOL_CHUNK_UNITS;
        if (pool->chunks[i] != NULL)
            usage->row_bytes += heap_block_bytes(chunk * POOL_UNIT_BYTES);
        gone += pool->chunks[i] == NULL;
    }
    ck_assert_uint_eq(gone, pool->gone);
    if (pool->chunk_room > 0)
        usage->row_bytes += heap_block_bytes(pool->chunk_room * sizeof(void *));
}

static void count_shard(const struct shard *shard, struct table_usage *usage)
{
    size_t blocks = 0;
    uint64_t before = usage->keys;
    struct order_place place = { 0, 0 };
    for (uint32_t ref; (ref = order_next(&shard->order, &place)) != 0;)
        count_row(pool_at(&shard->rows, ref), usage, &blocks);
    ck_assert_uint_eq(usage->keys - before, shard->keys);
    count_pool(&shard->rows, blocks, usage);
    usage->index_bytes +=
        heap_block_bytes(sizeof *shard) + index_bytes(&shard->index) + order_bytes(&shard->order);
}

void check_usage(struct table *table)
{
    struct table_usage said = { 0 };
    struct table_usage counted = { 0 };
    table_add_usage(table, &said);
    for (uint32_t i = 0; i < SHARD_COUNT; i++) {
        struct shard *shard = shard_set_get(&table->shards, i);
        if (shard == NULL)
            continue;
        shard_lock(shard, HOLD_USAGE);
        count_shard(shard, &counted);
        shard_unlock(shard);
    }
    ck_assert_uint_eq(said.keys, counted.keys);
    for (unsigned state = 0; state < CELL_STATE_COUNT; state++) {
        ck_assert_uint_eq(said.cells[state], counted.cells[state]);
        ck_assert_uint_eq(said.cell_bytes[state], counted.cell_bytes[state]);
    }
    ck_assert_uint_eq(said.row_bytes, counted.row_bytes);
    ck_assert_uint_eq(said.index_bytes, counted.index_bytes);
    check_rollups(table);
}
