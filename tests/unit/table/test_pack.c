/* Rows that move while their table is in use: nothing is lost of them, and whoever
 * follows the table's changes comes to the same. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/table/table_impl.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/table/fixture.h"
#include "tests/unit/table/follower.h"

#define KEYS 6000u
#define SHARDS_USED 2u /* so that they have chunks enough */
#define ROUNDS 12u
#define ROWS_A_HOLD 128u

struct play {
    struct random random;
    struct catalog *catalog;
    struct table *table;
    struct follower follower;
    struct filler filler;
    char keys[KEYS][32];
    uint64_t told; /* when the lock was last given back */
    bool meddles;  /* between stretches of packing */
};

/* Keys of several lengths that lie in few shards. */
static void make_keys(struct play *play)
{
    uint32_t made = 0;
    for (uint32_t i = 0; made < KEYS; i++) {
        char *key = play->keys[made];
        sprintf(key, "%u%.*s", i, (int)(i % 20), "....................");
        if (shard_number(shard_set_hash(&play->table->shards, view(key))) < SHARDS_USED)
            made++;
    }
}

static void play_init(struct play *play, const char *test)
{
    struct bytes_view names[] = { view("c0"), view("c1") };
    struct table_spec spec = { .name = view("t"), .columns = names, .column_count = 2 };
    bool created;
    memset(play, 0, sizeof *play);
    random_init(&play->random, test);
    follower_init(&play->follower);
    play->catalog = catalog_new(10, 777);
    catalog_set_sink(play->catalog, &play->follower.sink);
    ck_assert_int_eq(catalog_create(play->catalog, &spec, false, &play->table, &created, NULL),
                     ST_OK);
    make_keys(play);
    filler_init(&play->filler);
}

static void play_release(struct play *play)
{
    filler_release(&play->filler);
    table_unref(play->table);
    catalog_free(play->catalog);
    follower_release(&play->follower);
    free(play);
}

static uint32_t below(struct play *play, uint32_t end)
{
    return (uint32_t)random_below(&play->random, end);
}

static void add_some(struct play *play, uint32_t count)
{
    struct column_set columns;
    uint64_t hashes[30];
    ck_assert_int_eq(table_find_columns(play->table, NULL, 0, &columns, NULL), ST_OK);
    for (uint32_t i = 0; i < count; i++) {
        size_t n = 1 + below(play, 30);
        for (size_t h = 0; h < n; h++)
            hashes[h] = value_hash(below(play, 1000));
        filler_row(&play->filler, view(play->keys[below(play, KEYS)]));
        filler_cell(&play->filler, below(play, 2), hashes, n);
    }
    filler_apply(&play->filler, play->table, &columns, 1 + below(play, 2000));
}

static void delete_some(struct play *play, uint32_t count)
{
    struct bytes_view *list = malloc(count * sizeof *list);
    struct selector selector = { .kind = SELECTOR_LIST, .list = list, .list_count = count };
    uint64_t deleted;
    for (uint32_t i = 0; i < count; i++)
        list[i] = view(play->keys[below(play, KEYS)]);
    ck_assert_int_eq(table_delete(play->table, &selector, NULL, &deleted, NULL), ST_OK);
    free(list);
}

/* Between two holds of the lock: few rows were moved; other things happen. */
static enum status meddle(void *arg)
{
    struct play *play = arg;
    ck_assert_uint_le(play->follower.told - play->told, ROWS_A_HOLD);
    if (play->meddles && below(play, 4) == 0)
        add_some(play, 20);
    if (play->meddles && below(play, 4) == 0)
        delete_some(play, 40);
    if (play->meddles && below(play, 200) == 0)
        delete_some(play, 3 * KEYS);
    play->told = play->follower.told;
    if (play->meddles && below(play, 100) == 0)
        return ST_CANCELLED;
    return ST_OK;
}

static enum status pack(struct play *play)
{
    struct task task = { meddle, play };
    play->told = play->follower.told;
    return table_pack(play->table, &task);
}

static bool compare_key(struct bytes_view key, const struct estimate *estimates, void *arg)
{
    struct play *play = arg;
    struct column_set columns;
    struct estimate theirs[COLUMNS_MAX];
    ck_assert_int_eq(table_find_columns(play->follower.table, NULL, 0, &columns, NULL), ST_OK);
    ck_assert(table_estimate(play->follower.table, key, &columns, theirs));
    ck_assert_mem_eq(estimates, theirs, columns.count * sizeof *theirs);
    return true;
}

/* The table holds what its changes make, and counts what it holds. */
static void check_whole(struct play *play)
{
    static const struct selector all = { .kind = SELECTOR_ALL };
    struct column_set columns;
    struct table_info mine;
    struct table_info theirs;
    bool more;
    check_usage(play->table);
    table_describe(play->table, &mine);
    table_describe(play->follower.table, &theirs);
    ck_assert_uint_eq(mine.keys, theirs.keys);
    ck_assert_uint_eq(digest_of(play->table), digest_of(play->follower.table));
    ck_assert_int_eq(table_find_columns(play->table, NULL, 0, &columns, NULL), ST_OK);
    ck_assert_int_eq(table_scan(play->table, &all, NULL, 2 * KEYS, &columns, NULL, compare_key,
                                play, &more, NULL),
                     ST_OK);
    ck_assert(!more);
}

START_TEST(rows_that_move_lose_nothing)
{
    struct play *play = malloc(sizeof *play);
    uint32_t gone = 0;
    play_init(play, "pack");
    play->meddles = true;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        add_some(play, 2000 + below(play, 6000));
        delete_some(play, below(play, 8000));
        enum status status = pack(play);
        ck_assert(status == ST_OK || status == ST_CANCELLED);
        check_whole(play);
        for (uint32_t i = 0; i < SHARDS_USED; i++)
            gone += shard_set_get(&play->table->shards, i)->rows.gone;
    }
    ck_assert_uint_gt(gone, 0);
    play_release(play);
}
END_TEST

static struct table_usage usage_of(struct table *table)
{
    struct table_usage usage = { 0 };
    table_add_usage(table, &usage);
    return usage;
}

static size_t free_row_bytes(struct play *play)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < SHARDS_USED; i++)
        bytes += pool_free_bytes(&shard_set_get(&play->table->shards, i)->rows);
    return bytes;
}

START_TEST(what_deletes_left_sparse_is_packed_and_given_back)
{
    struct play *play = malloc(sizeof *play);
    play_init(play, "pack_gives_back");
    add_some(play, 4 * KEYS);
    ck_assert(!table_wants_packing(play->table));
    ck_assert_int_eq(pack(play), ST_OK);
    struct table_usage full = usage_of(play->table);
    delete_some(play, KEYS);
    ck_assert(table_wants_packing(play->table));
    ck_assert_uint_eq(usage_of(play->table).row_bytes, full.row_bytes);
    ck_assert_int_eq(pack(play), ST_OK);
    ck_assert(!table_wants_packing(play->table));
    struct table_usage packed = usage_of(play->table);
    ck_assert_uint_lt(packed.row_bytes, full.row_bytes / 2);
    ck_assert_uint_lt(packed.index_bytes, full.index_bytes * 3 / 4);
    ck_assert_uint_lt(free_row_bytes(play), packed.row_bytes / 5);
    check_whole(play);
    add_some(play, 4 * KEYS);
    check_whole(play);
    play_release(play);
}
END_TEST

START_TEST(packing_that_gets_no_memory_leaves_the_table_as_it_was)
{
    struct play *play = malloc(sizeof *play);
    play_init(play, "pack_nomem");
    play->table->sink = NULL; /* whose checks would need memory, too */
    add_some(play, 4 * KEYS);
    bool failed = true;
    for (long n = 0; failed; n++) {
        delete_some(play, KEYS / 2);
        uint64_t digest = digest_of(play->table);
        atomic_store(&play->table->is_sparse, true);
        failing_alloc_arm(n);
        enum status status = table_pack(play->table, NULL);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(status, ST_OK);
        ck_assert_uint_eq(digest_of(play->table), digest);
        check_usage(play->table);
        add_some(play, KEYS / 2);
        check_usage(play->table);
    }
    play_release(play);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        rows_that_move_lose_nothing,
        what_deletes_left_sparse_is_packed_and_given_back,
        packing_that_gets_no_memory_leaves_the_table_as_it_was,
    };
    return RUN_SUITE("pack", tests);
}
