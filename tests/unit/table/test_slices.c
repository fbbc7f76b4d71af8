/* A table copied slice by slice while it changes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/table/restore.h"
#include "daemon/table/slices.h"
#include "daemon/table/table_impl.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/table/fixture.h"

#define KEYS 3000u

/* Where the rows of a walk go. */
struct copy {
    struct table *into;
    struct column_set columns;
    const struct sketch_shape *shape;
    uint64_t rows;
    uint32_t in_slice;
    uint32_t most;       /* rows that a slice takes */
    uint32_t cells_most; /* cells of a row that a slice takes */
    uint8_t last[KEY_MAX_BYTES];
    size_t last_len;
    uint32_t last_column;
    bool has_last;
};

static uint32_t copy_row(const struct slice_row *row, void *arg)
{
    struct copy *copy = arg;
    struct restored_cell cells[COLUMNS_MAX];
    struct bytes_view last = { copy->last, copy->last_len };
    uint32_t count = row->count < copy->cells_most ? row->count : copy->cells_most;
    if (copy->in_slice == copy->most)
        return 0;
    int order = copy->has_last ? key_compare(last, row->key) : -1;
    if (row->is_rest ? order != 0 || (row->count > 0 && row->column_ids[0] <= copy->last_column)
                     : order >= 0)
        ck_abort_msg("cells of a stream out of order");
    memcpy(copy->last, row->key.data, row->key.len);
    copy->last_len = row->key.len;
    copy->last_column = count > 0 ? row->column_ids[count - 1] : 0;
    copy->has_last = true;
    copy->in_slice++;
    copy->rows += !row->is_rest;
    for (uint32_t i = 0; i < count; i++) {
        cells[i] = (struct restored_cell){ .column_id = row->column_ids[i] };
        if (cell_merge(&cells[i].cell, &row->cells[i], copy->shape) != ST_OK)
            ck_abort_msg("no memory");
    }
    if (table_restore_cells(copy->into, &copy->columns, row->key, cells, count) != ST_OK)
        ck_abort_msg("a row cannot be restored");
    return count;
}

/* The image of one table made into another one, of another catalog. */
static struct table *make_copy(struct table *from, struct catalog *catalog)
{
    struct table_image image;
    struct table_info info;
    struct table *into;
    struct error err;
    table_read_image(from, &image, &info);
    enum status status = table_restore(catalog, &image, NULL, &into, &err);
    ck_assert_msg(status == ST_OK, "%s", err.text);
    return into;
}

static struct copy begin_copy(struct table *from, struct table *into, uint32_t most)
{
    struct copy copy = {
        .into = into, .shape = table_shape(from), .most = most, .cells_most = most
    };
    ck_assert_int_eq(table_find_columns(into, NULL, 0, &copy.columns, NULL), ST_OK);
    return copy;
}

/* Copies the next slice; whether there was one. */
static bool copy_slice(struct slices *slices, struct copy *copy, struct slice *slice)
{
    copy->in_slice = 0;
    bool more = slices_next(slices, copy_row, copy, slice);
    if (more && slice->is_final)
        copy->has_last = false;
    return more;
}

START_TEST(slices_make_the_same_table)
{
    static const uint32_t sizes[] = { 1, 7, SLICE_ROWS_MAX, UINT32_MAX };
    struct catalog *catalog;
    struct table *table = numbered_table(&catalog, KEYS);
    add_values(table, view("k00003"), "b", 0, 30000);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct catalog *other = catalog_new(10, 777);
        struct table *into = make_copy(table, other);
        struct copy copy = begin_copy(table, into, sizes[i]);
        struct slices *slices = malloc(sizeof *slices);
        struct slice slice;
        slices_begin(slices, table);
        while (copy_slice(slices, &copy, &slice))
            ck_assert_uint_le(copy.in_slice, SLICE_ROWS_MAX);
        ck_assert_uint_eq(copy.rows, KEYS);
        ck_assert_uint_eq(digest_of(into), digest_of(table));
        check_usage(into);
        ck_assert_uint_eq(check_rollups(into), 0);
        free(slices);
        table_unref(into);
        catalog_free(other);
    }
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

START_TEST(walk_survives_growth_deletes_and_alteration)
{
    struct catalog *catalog;
    struct table *table = numbered_table(&catalog, KEYS);
    struct catalog *other = catalog_new(10, 777);
    struct table *into = make_copy(table, other);
    struct copy copy = begin_copy(table, into, 20);
    struct slices *slices = malloc(sizeof *slices);
    struct slice slice;
    const struct selector all = { .kind = SELECTOR_ALL };
    struct bytes_view column = view("c");
    struct table_change change = { .add = &column, .add_count = 1 };
    struct table *altered;
    uint64_t deleted;
    uint32_t first_version = 0;
    slices_begin(slices, table);
    for (unsigned n = 0; copy_slice(slices, &copy, &slice); n++) {
        char key[16];
        snprintf(key, sizeof key, "new%u", n);
        add_values(table, view(key), "b", n, 1);
        first_version = n == 0 ? slice.version : first_version;
        if (n == 30)
            ck_assert_int_eq(catalog_alter(catalog, view("t"), &change, &altered, NULL), ST_OK);
        if (n == 100)
            ck_assert_int_eq(table_delete(table, &all, NULL, &deleted, NULL), ST_OK);
        if (n > 30)
            ck_assert_uint_eq(slice.version, first_version + 1);
    }
    ck_assert_uint_ge(copy.rows, 1000);
    table_unref(altered);
    free(slices);
    table_unref(into);
    catalog_free(other);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

START_TEST(restored_table_keeps_ids_and_versions)
{
    struct catalog *catalog;
    struct table *table = numbered_table(&catalog, 10);
    struct catalog *other = catalog_new(10, 777);
    struct bytes_view names[] = { view("c"), view("a") };
    struct table_change change = {
        .add = &names[0], .add_count = 1, .drop = &names[1], .drop_count = 1
    };
    struct table_info was;
    struct table_info is;
    struct table *altered;
    struct table *into = make_copy(table, other);
    ck_assert_int_eq(catalog_alter(catalog, view("t"), &change, &altered, NULL), ST_OK);
    struct table_image image;
    table_read_image(table, &image, &was);
    ck_assert_int_eq(table_restore_image(into, &image, NULL), ST_OK);
    ck_assert_int_eq(catalog_admit(other, into, NULL), ST_OK);
    table_describe(table, &was);
    table_describe(into, &is);
    ck_assert_uint_eq(is.id, was.id);
    ck_assert_uint_eq(table_version(into), table_version(table));
    ck_assert_uint_eq(is.column_count, 2);
    ck_assert_str_eq(is.columns[0].name, "b");
    ck_assert_uint_eq(is.columns[1].id, was.columns[1].id);
    ck_assert_int_eq(catalog_admit(other, into, NULL), ST_INVALID_ARGUMENT);
    table_unref(altered);
    table_unref(into);
    catalog_free(other);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

START_TEST(images_that_no_table_has_are_refused)
{
    struct catalog *catalog;
    struct table *table = numbered_table(&catalog, 10);
    struct catalog *other = catalog_new(10, 777);
    struct table_info info;
    struct table_image good;
    struct table *into;
    table_read_image(table, &good, &info);
    for (unsigned i = 0; i < 7; i++) {
        struct table_image bad = good;
        if (i == 0)
            bad.name = view("bad name");
        else if (i == 1)
            bad.precision = 19;
        else if (i == 2)
            bad.columns[1].id = bad.columns[0].id;
        else if (i == 3)
            bad.next_column_id = 1;
        else if (i == 4)
            bad.columns[1].name = bad.columns[0].name;
        else if (i == 5)
            bad.column_count = 0;
        else
            bad.hash = (enum hash_kind)9;
        ck_assert_int_eq(table_restore(other, &bad, NULL, &into, NULL), ST_INVALID_ARGUMENT);
    }
    catalog_free(other);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

START_TEST(rows_are_restored_or_refused_whole_without_memory)
{
    struct catalog *catalog;
    static const char *const columns[] = { "a", "b" };
    struct table *table = fixture_table(&catalog, columns, 2);
    struct column_set set;
    bool failed = true;
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &set, NULL), ST_OK);
    for (long n = 0; failed; n++) {
        struct restored_cell cells[2] = { { .column_id = set.ids[0] },
                                          { .column_id = set.ids[1] } };
        ck_assert_int_eq(cell_replay(&cells[0].cell, table_shape(table), 64), ST_OK);
        ck_assert_int_eq(cell_replay(&cells[1].cell, table_shape(table), 128), ST_OK);
        failing_alloc_arm(n);
        enum status status = table_restore_row(table, &set, view("key"), cells, 2);
        failed = failing_alloc_disarm();
        bool is_there = count_of(table, view("key"), "a") >= 0;
        ck_assert_int_eq(is_there, status == ST_OK);
        ck_assert_uint_eq(cells[0].cell.word, 0);
        if (status == ST_OK)
            table_replay_remove(table, view("key"));
        else
            ck_assert_int_eq(status, ST_RESOURCE_EXHAUSTED);
    }
    check_usage(table);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        slices_make_the_same_table,
        walk_survives_growth_deletes_and_alteration,
        restored_table_keeps_ids_and_versions,
        images_that_no_table_has_are_refused,
        rows_are_restored_or_refused_whole_without_memory,
    };
    return RUN_SUITE("slices", tests);
}
