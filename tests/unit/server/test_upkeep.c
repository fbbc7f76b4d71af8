#include "daemon/server/upkeep.h"

#include "daemon/table/catalog.h"
#include "tests/unit/run_suite.h"

static const struct bytes_view column = { (const uint8_t *)"c", 1 };
static struct catalog *catalog;
static struct table *table;

/* A table whose union over all keys a delete has made stale. */
static void set_up(void)
{
    const struct table_spec spec = { .name = { (const uint8_t *)"t", 1 },
                                     .columns = &column,
                                     .column_count = 1 };
    static const uint64_t hash = 0x123456789abcdef0;
    struct batch_cell cell = { (const uint8_t *)&hash, 1, 0 };
    struct batch_row row = {
        .key = (const uint8_t *)"k", .key_len = 1, .first_cell = 0, .cell_count = 1
    };
    struct batch batch = { &row, 1, 1, &cell, 1 };
    const struct selector all = { .kind = SELECTOR_ALL };
    struct apply_cursor cursor = { 0 };
    struct column_set columns;
    uint64_t deleted;
    bool flag;

    catalog = catalog_new(10, 1);
    ck_assert_int_eq(catalog_create(catalog, &spec, false, &table, &flag, NULL), ST_OK);
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    ck_assert_int_eq(table_apply(table, &batch, &columns, &cursor, 10, &flag), ST_OK);
    ck_assert_int_eq(table_delete(table, &all, NULL, &deleted, NULL), ST_OK);
    ck_assert_uint_eq(deleted, 1);
    ck_assert(table_wants_maintenance(table));
}

static void tear_down(void)
{
    table_unref(table);
    catalog_free(catalog);
}

START_TEST(upkeep_maintains_tables_and_stops)
{
    uv_loop_t loop;
    struct upkeep upkeep;

    set_up();
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    upkeep_start(&upkeep, &loop, catalog);
    while (table_wants_maintenance(table))
        uv_run(&loop, UV_RUN_ONCE);
    upkeep_stop(&upkeep);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    tear_down();
}
END_TEST

START_TEST(upkeep_that_is_stopped_at_once_leaves_nothing_behind)
{
    uv_loop_t loop;
    struct upkeep upkeep;

    set_up();
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    upkeep_start(&upkeep, &loop, catalog);
    upkeep_stop(&upkeep);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    ck_assert(table_wants_maintenance(table));
    tear_down();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        upkeep_maintains_tables_and_stops,
        upkeep_that_is_stopped_at_once_leaves_nothing_behind,
    };

    return RUN_SUITE("upkeep", tests);
}
