/* Rows that a snapshot takes in several slices, changed in every way between any two of
 * them, come back as they were at the end. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/table/slices.h"
#include "daemon/table/table.h"
#include "tests/unit/store/side.h"
#include "tests/unit/table/fixture.h"

#define COLUMNS 200u
#define KEYS 3u

_Static_assert(COLUMNS > SLICE_CELLS_MAX, "a row is of more than one slice");

static struct scratch scratch;

/* What happens between two slices. */
enum event {
    EVENT_ADD,
    EVENT_DELETE,
    EVENT_DELETE_ADD_FIRST, /* what comes again lies in the row's first slice */
    EVENT_DELETE_ADD_LAST,
    EVENT_DELETE_TWICE,
    EVENT_MERGE,
    EVENT_ALTER,
    EVENT_COUNT,
};

struct scene {
    struct side side;
    enum event event;
    unsigned checks; /* so far */
    unsigned at;     /* the check at which it happens */
    bool has_happened;
};

static struct bytes_view name_of(char out[16], const char *prefix, unsigned number)
{
    int len = snprintf(out, 16, "%s%03u", prefix, number);
    return (struct bytes_view){ (const uint8_t *)out, (size_t)len };
}

static void delete_key(struct table *table, struct bytes_view key)
{
    const struct selector one = { .kind = SELECTOR_LIST, .list = &key, .list_count = 1 };
    uint64_t deleted;
    ck_assert_int_eq(table_delete(table, &one, NULL, &deleted, NULL), ST_OK);
}

/* Adds n values to each of the columns from one on of every key. */
static void add(struct table *table, unsigned column, unsigned end, uint64_t first, size_t n)
{
    char key[16];
    char name[16];
    for (unsigned i = 0; i < KEYS; i++) {
        for (unsigned c = column; c < end; c++) {
            name_of(name, "c", c);
            add_values(table, name_of(key, "k", i), name, first + i, n);
        }
    }
}

static void delete_all(struct table *table)
{
    char key[16];
    for (unsigned i = 0; i < KEYS; i++)
        delete_key(table, name_of(key, "k", i));
}

static void merge(struct table *table)
{
    struct bytes_view from = view("k000");
    const struct selector one = { .kind = SELECTOR_LIST, .list = &from, .list_count = 1 };
    uint64_t keys;
    uint64_t changes;
    ck_assert_int_eq(table_merge(table, &one, view("k001"), NULL, &keys, &changes, NULL), ST_OK);
    ck_assert_uint_gt(changes, 0);
}

static void alter(struct catalog *catalog)
{
    struct bytes_view add_name = view("more");
    struct bytes_view drop[] = { view("c003"), view("c190") };
    const struct table_change change = {
        .add = &add_name, .add_count = 1, .drop = drop, .drop_count = 2
    };
    struct table *table;
    ck_assert_int_eq(catalog_alter(catalog, view("t"), &change, &table, NULL), ST_OK);
    add_values(table, view("k001"), "more", 0, 9);
    table_unref(table);
}

static void happen(struct side *side, enum event event)
{
    struct table *table = side->table;
    switch (event) {
    case EVENT_ADD:
        add(table, 5, 7, 500, 40);
        add(table, COLUMNS - 2, COLUMNS, 500, 40);
        break;
    case EVENT_DELETE:
        delete_all(table);
        break;
    case EVENT_DELETE_ADD_FIRST:
        delete_all(table);
        add(table, 1, 3, 700, 5);
        break;
    case EVENT_DELETE_ADD_LAST:
        delete_all(table);
        add(table, COLUMNS - 3, COLUMNS, 700, 5);
        break;
    case EVENT_DELETE_TWICE:
        delete_all(table);
        add(table, 0, COLUMNS, 900, 2);
        delete_all(table);
        add(table, 4, 5, 950, 1);
        break;
    case EVENT_MERGE:
        merge(table);
        break;
    default:
        alter(side->catalog);
        break;
    }
}

/* Called by the snapshot before each slice, with no lock held. */
static enum status check(void *arg)
{
    struct scene *scene = arg;
    if (scene->checks++ == scene->at) {
        happen(&scene->side, scene->event);
        scene->has_happened = true;
    }
    return ST_OK;
}

static void make_table(struct side *side)
{
    static char texts[COLUMNS][16];
    struct bytes_view names[COLUMNS];
    for (unsigned i = 0; i < COLUMNS; i++)
        names[i] = name_of(texts[i], "c", i);
    side_make_table(side, names, COLUMNS);
    add(side->table, 0, COLUMNS, 100, 3);
    add(side->table, 2, 4, 100, 300);
}

/* One snapshot, with the event before the slice of a number; whether there was that one. */
static bool play(enum event event, unsigned at)
{
    struct scene scene = { .event = event, .at = at };
    struct side again;
    const struct task task = { check, &scene };
    scratch_init(&scratch);
    side_open(&scene.side, &scratch, 1);
    make_table(&scene.side);
    side_checkpoint(&scene.side, &task);
    add(scene.side.table, 10, 12, 2000, 2);
    side_reopen(&scene.side, &again);
    check_usage(again.table);
    side_close(&again);
    scratch_release(&scratch);
    return scene.has_happened;
}

START_TEST(wide_rows_come_back_whatever_happens_between_their_slices)
{
    unsigned slices = 0;
    while (play((enum event)_i, slices))
        slices++;
    ck_assert_uint_gt(slices, 2 * KEYS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recover_wide_rows");
    TCase *tcase = tcase_create("recover_wide_rows");
    tcase_add_loop_test(tcase, wide_rows_come_back_whatever_happens_between_their_slices, 0,
                        EVENT_COUNT);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
