/* Each allocation of merging, comparing, taking out and putting in whole sketches
 * fails in turn: nothing leaks, and the table holds and counts what it should.
 * Without rollups, which would only go stale. */
#include <check.h>
#include <string.h>

#include "daemon/table/table_impl.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/table/fixture.h"

static const struct selector all = { .kind = SELECTOR_ALL };

static struct catalog *catalog;
static struct table *table;
static struct column_set columns;

static void begin(void)
{
    const struct bytes_view names[] = { view("a"), view("b") };
    const struct table_spec spec = {
        .name = view("t"), .columns = names, .column_count = 2, .no_rollup = true
    };
    bool created;
    catalog = catalog_new(10, 12345);
    ck_assert_ptr_nonnull(catalog);
    ck_assert_int_eq(catalog_create(catalog, &spec, false, &table, &created, NULL), ST_OK);
    ck_assert_int_eq(table_find_columns(table, names, 1, &columns, NULL), ST_OK);
    add_values(table, view("small"), "a", 0, 20);
    add_values(table, view("small"), "b", 0, 1);
    add_values(table, view("middle"), "a", 10, 2000);
    add_values(table, view("large"), "a", 1000, 20000);
    add_values(table, view("large"), "b", 0, 3000);
}

static void end(void)
{
    check_usage(table);
    table_unref(table);
    catalog_free(catalog);
}

/* A merge without memory leaves the key with nothing, or with some columns merged;
 * once there is memory it holds all. */
START_TEST(merge_says_so_without_memory_and_can_be_done_again)
{
    static const char *const into[] = { "small", "large", "new", "new/2" };
    for (size_t i = 0; i < 4; i++) {
        bool failed = true;
        for (long n = 0; failed; n++) {
            uint64_t keys = 77;
            uint64_t changes = 77;
            struct error err;
            begin();
            failing_alloc_arm(n);
            enum status status =
                table_merge(table, &all, view(into[i]), NULL, &keys, &changes, &err);
            failed = failing_alloc_disarm();
            ck_assert_int_eq(status, failed ? ST_RESOURCE_EXHAUSTED : ST_OK);
            ck_assert_uint_eq(keys, failed ? 77 : 3);
            check_usage(table);
            ck_assert_double_eq_tol(count_of(table, view("middle"), "a"), 2000, 1);
            ck_assert_int_eq(table_merge(table, &all, view(into[i]), NULL, &keys, &changes, &err),
                             ST_OK);
            ck_assert_double_eq_tol(count_of(table, view(into[i]), "a"), 21000, 21000 * 0.04);
            end();
        }
    }
}
END_TEST

START_TEST(compare_says_so_without_memory)
{
    struct selector a = { .kind = SELECTOR_PREFIX, .prefix = view("l") };
    bool failed = true;
    begin();
    for (long n = 0; failed; n++) {
        struct overlap overlap;
        uint64_t keys_a = 77;
        uint64_t keys_b = 77;
        failing_alloc_arm(n);
        enum status status =
            table_compare(table, &a, &all, &columns, NULL, &overlap, &keys_a, &keys_b, NULL);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(status, failed ? ST_RESOURCE_EXHAUSTED : ST_OK);
        ck_assert_uint_eq(keys_a, failed ? 77 : 1);
        ck_assert_uint_eq(keys_b, failed ? 77 : 3);
    }
    end();
}
END_TEST

static bool count_visit(struct bytes_view key, const struct cell *cell, void *arg)
{
    (void)key;
    *(unsigned *)arg += cell->word != 0;
    return true;
}

START_TEST(export_says_so_without_memory)
{
    const struct bytes_view keys[] = { view("small"), view("middle"), view("large") };
    const struct selector list = { .kind = SELECTOR_LIST, .list = keys, .list_count = 3 };
    const struct selector *const selectors[] = { &all, &list };
    begin();
    for (size_t i = 0; i < 2; i++) {
        bool failed = true;
        for (long n = 0; failed; n++) {
            unsigned visited = 0;
            bool more;
            failing_alloc_arm(n);
            enum status status = table_export(table, selectors[i], NULL, 10, &columns, NULL,
                                              count_visit, &visited, &more, NULL);
            failed = failing_alloc_disarm();
            ck_assert_int_eq(status, failed ? ST_RESOURCE_EXHAUSTED : ST_OK);
            if (!failed)
                ck_assert_uint_eq(visited, 3);
        }
    }
    end();
}
END_TEST

START_TEST(import_without_memory_changes_nothing)
{
    static const size_t sizes[] = { 10, 3000, 20000 };
    static const char *const into[] = { "small", "large", "new" };
    for (size_t i = 0; i < 9; i++) {
        struct cell cell = { 0 };
        bool failed = true;
        begin();
        for (uint64_t v = 0; v < sizes[i / 3]; v++) {
            uint64_t hash = value_hash(50000 + v);
            size_t changes;
            ck_assert_int_eq(cell_add(&cell, &table->shape, &hash, 1, &changes), ST_OK);
        }
        for (long n = 0; failed; n++) {
            bool changed;
            uint64_t digest = digest_of(table);
            failing_alloc_arm(n);
            enum status status =
                table_import(table, view(into[i % 3]), &columns, &cell, &changed, NULL);
            failed = failing_alloc_disarm();
            ck_assert_int_eq(status, failed ? ST_RESOURCE_EXHAUSTED : ST_OK);
            ck_assert_int_eq(changed, !failed);
            ck_assert(!failed || digest_of(table) == digest);
            check_usage(table);
        }
        cell_release(&cell);
        end();
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        merge_says_so_without_memory_and_can_be_done_again,
        compare_says_so_without_memory,
        export_says_so_without_memory,
        import_without_memory_changes_nothing,
    };
    return RUN_SUITE("sketches_nomem", tests);
}
