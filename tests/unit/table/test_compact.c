/* What random deletes leave sparse is moved together and given back. */
#include <check.h>
#include <stdio.h>

#include "daemon/memory/heap.h"
#include "daemon/table/table_impl.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/table/fixture.h"

#define KEYS 20000u

static const char *const columns_two[] = { "a", "b" };

static struct bytes_view key_of(char text[16], uint32_t i)
{
    snprintf(text, 16, "key %u", i);
    return view(text);
}

static void delete_key(struct table *table, uint32_t i)
{
    char text[16];
    uint64_t deleted;
    struct bytes_view key = key_of(text, i);
    struct selector one = { .kind = SELECTOR_LIST, .list = &key, .list_count = 1 };
    ck_assert_int_eq(table_delete(table, &one, NULL, &deleted, NULL), ST_OK);
    ck_assert_uint_eq(deleted, 1);
}

static enum status go_on(void *arg)
{
    (void)arg;
    return ST_OK;
}

START_TEST(compaction_gives_back_what_deletes_left_sparse)
{
    const struct task task = { go_on, NULL };
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns_two, 2);
    for (uint32_t i = 0; i < KEYS; i++) {
        char text[16];
        add_values(table, key_of(text, i), "a", i, 3 + i % 120);
        if (i % 400 == 0)
            add_values(table, key_of(text, i), "b", i, 6000);
    }
    for (uint32_t i = 0; i < KEYS; i++) {
        if (value_hash(i) % 4 != 0)
            delete_key(table, i);
    }
    uint64_t before = digest_of(table);
    heap_purge(0);
    size_t held = heap_held_bytes();
    ck_assert_uint_gt(heap_compact(), 0);
    ck_assert_int_eq(table_compact(table, &task), ST_OK);
    heap_purge(0);
    ck_assert_uint_lt(heap_held_bytes(), held * 2 / 3);
    ck_assert_uint_eq(digest_of(table), before);
    check_usage(table);
    for (uint32_t i = 0; i < KEYS; i++) {
        char text[16];
        add_values(table, key_of(text, i), "a", i, 3 + i % 120);
    }
    check_usage(table);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { compaction_gives_back_what_deletes_left_sparse };
    return RUN_SUITE("compact", tests);
}
