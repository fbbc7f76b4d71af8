#include "tests/unit/store/side.h"

#include <check.h>

#include "daemon/store/recover.h"
#include "tests/unit/table/fixture.h"

enum status side_recover(struct side *side, unsigned threads, struct error *err)
{
    const struct recovery_options options = { .path = side->scratch->path, .threads = threads };
    struct recovery_result result;
    return recover(store_directory(side->store), side->catalog, &options, &result, err);
}

void side_open(struct side *side, const struct scratch *scratch, uint64_t shard_seed)
{
    struct error err;
    const struct store_options options = { .path = scratch->path };
    side->scratch = scratch;
    enum status status = store_open(&options, &side->store, &err);
    ck_assert_msg(status == ST_OK, "%s", err.text);
    side->catalog = catalog_new(10, shard_seed);
    ck_assert_ptr_nonnull(side->catalog);
    status = side_recover(side, 2, &err);
    ck_assert_msg(status == ST_OK, "%s", err.text);
    ck_assert_int_eq(keeper_new(side->store, side->catalog, 0, &side->keeper, &err), ST_OK);
    ck_assert_int_eq(store_start(side->store, &err), ST_OK);
    catalog_set_sink(side->catalog, store_sink(side->store));
    side->table = NULL;
    if (catalog_count(side->catalog) > 0)
        ck_assert_int_eq(catalog_find(side->catalog, view("t"), &side->table, NULL), ST_OK);
}

void side_make_table(struct side *side, const struct bytes_view *names, uint32_t count)
{
    const struct table_spec spec = {
        .name = view("t"), .columns = names, .column_count = count, .precision = 10
    };
    bool created;
    ck_assert_int_eq(catalog_create(side->catalog, &spec, false, &side->table, &created, NULL),
                     ST_OK);
}

static void close_store(struct side *side)
{
    keeper_stop(side->keeper);
    store_close(side->store);
    keeper_free(side->keeper);
}

void side_close(struct side *side)
{
    close_store(side);
    table_unref(side->table);
    catalog_free(side->catalog);
}

/* The keys, registers and estimates of two tables. */
struct comparison {
    struct table *other;
    uint64_t keys;
};

static bool compare_key(struct bytes_view key, const struct estimate *estimates, void *arg)
{
    struct comparison *comparison = arg;
    struct column_set columns;
    struct estimate theirs[COLUMNS_MAX];
    ck_assert_int_eq(table_find_columns(comparison->other, NULL, 0, &columns, NULL), ST_OK);
    ck_assert(table_estimate(comparison->other, key, &columns, theirs));
    ck_assert_mem_eq(estimates, theirs, columns.count * sizeof *theirs);
    comparison->keys++;
    return true;
}

static void check_same(struct side *a, struct side *b)
{
    static const struct selector all = { .kind = SELECTOR_ALL };
    struct comparison comparison = { b->table, 0 };
    struct column_set columns;
    struct table_info mine;
    struct table_info theirs;
    bool more;
    table_describe(a->table, &mine);
    table_describe(b->table, &theirs);
    ck_assert_uint_eq(mine.id, theirs.id);
    ck_assert_uint_eq(mine.keys, theirs.keys);
    ck_assert_uint_eq(mine.cells, theirs.cells);
    ck_assert_uint_eq(digest_of(a->table), digest_of(b->table));
    ck_assert_int_eq(table_find_columns(a->table, NULL, 0, &columns, NULL), ST_OK);
    ck_assert_int_eq(table_scan(a->table, &all, NULL, mine.keys + 1, &columns, NULL, compare_key,
                                &comparison, &more, NULL),
                     ST_OK);
    ck_assert_uint_eq(comparison.keys, mine.keys);
}

void side_checkpoint(struct side *side, const struct task *task)
{
    struct kept kept;
    struct error err;
    enum status status = keeper_take(side->keeper, task, &kept, &err);
    ck_assert_msg(status == ST_OK, "%s", err.text);
    ck_assert_uint_gt(kept.bytes, 0);
}

void side_reopen(struct side *was, struct side *is)
{
    catalog_set_sink(was->catalog, NULL);
    close_store(was);
    side_open(is, was->scratch, 4711);
    check_same(was, is);
    table_unref(was->table);
    catalog_free(was->catalog);
}
