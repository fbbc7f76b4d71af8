/* What a key costs, everything that its table keeps counted: pages of the heap,
 * but for those that are free. */
#include <stdio.h>

#include "daemon/memory/heap.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/table/fixture.h"

#define KEY_BYTES 10
#define BATCH_VALUES 1000u

static size_t kept_bytes(void)
{
    return heap_held_bytes() - heap_idle_bytes();
}

/* Fills the first column with that many values a key, key after key. */
static void fill(struct table *table, uint32_t keys, uint32_t values)
{
    static const struct bytes_view column = { (const uint8_t *)"c0", 2 };
    struct filler filler;
    struct column_set columns;
    uint64_t hashes[BATCH_VALUES];
    filler_init(&filler);
    ck_assert_int_eq(table_find_columns(table, &column, 1, &columns, NULL), ST_OK);
    for (uint32_t key = 0; key < keys; key++) {
        char text[KEY_BYTES + 1];
        snprintf(text, sizeof text, "%0*u", KEY_BYTES, key * 2654435761u);
        for (uint32_t i = 0; i < values; i++)
            hashes[i] = value_hash((uint64_t)key * values + i);
        filler_row(&filler, view(text));
        filler_cell(&filler, 0, hashes, values);
        if ((key + 1) % (BATCH_VALUES / values) == 0 || key + 1 == keys)
            filler_apply(&filler, table, &columns, BATCH_VALUES);
    }
    filler_release(&filler);
}

/* Bytes a key of a table with that many columns, of which the first is used. */
static double bytes_a_key(size_t column_count, uint32_t keys, uint32_t values)
{
    static char names[COLUMNS_MAX][8];
    const char *columns[COLUMNS_MAX];
    for (size_t i = 0; i < column_count; i++) {
        snprintf(names[i], sizeof names[i], "c%zu", i);
        columns[i] = names[i];
    }
    struct catalog *catalog;
    size_t before = kept_bytes();
    struct table *table = fixture_table(&catalog, columns, column_count);
    fill(table, keys, values);
    double bytes = (double)(kept_bytes() - before) / keys;
    printf("%u values a key, %zu columns: %.1f bytes\n", values, column_count, bytes);
    table_unref(table);
    catalog_free(catalog);
    return bytes;
}

/* 12 bytes of each bound are the ordered index. */
START_TEST(a_key_of_few_values_takes_few_bytes)
{
    ck_assert_double_le(bytes_a_key(1, 200000, 1), 48 + 12);
    ck_assert_double_le(bytes_a_key(1, 200000, 10), 116);
    ck_assert_double_le(bytes_a_key(256, 200000, 1), 110);
}
END_TEST

/* Fewer keys than above, which makes what each shard keeps weigh more. */
START_TEST(a_key_of_many_values_takes_little_more_than_its_sketch)
{
    ck_assert_double_le(bytes_a_key(1, 20000, 100), 350);
    ck_assert_double_le(bytes_a_key(1, 20000, 1000), 2500);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_key_of_few_values_takes_few_bytes,
        a_key_of_many_values_takes_little_more_than_its_sketch,
    };
    return RUN_SUITE("table_memory", tests);
}
