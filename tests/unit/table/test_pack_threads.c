/* Rows move while threads add, delete, ask and scan. */
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "daemon/memory/heap.h"
#include "daemon/table/table_impl.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/table/fixture.h"

#define WRITERS 2u
#define KEYS 4000u /* of each writer */
#define ROUNDS 6u

static const char *const columns_two[] = { "a", "b" };

struct stage {
    struct catalog *catalog;
    struct table *table;
    atomic_bool stop;
    atomic_uint packs;
};

struct writer {
    struct stage *stage;
    uint32_t number;
};

/* Keys of one writer, in the first two shards, so that these have chunks enough. */
static void make_key(const struct writer *writer, uint32_t *next, char key[32])
{
    const struct shard_set *shards = &writer->stage->table->shards;
    do {
        snprintf(key, 32, "w%u-%u", writer->number, ++*next);
    } while (shard_number(shard_set_hash(shards, view(key))) > 1);
}

static void delete_key(struct table *table, struct bytes_view key)
{
    struct selector one = { .kind = SELECTOR_LIST, .list = &key, .list_count = 1 };
    uint64_t deleted;
    ck_assert_int_eq(table_delete(table, &one, NULL, &deleted, NULL), ST_OK);
    ck_assert_uint_eq(deleted, 1);
}

/* Each round adds to every key and deletes all but each fourth; in the last nothing. */
static void *write_rounds(void *arg)
{
    struct writer *writer = arg;
    struct table *table = writer->stage->table;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t next = 0;
        char key[32];
        for (uint32_t i = 0; i < KEYS; i++) {
            make_key(writer, &next, key);
            add_values(table, view(key), (i + round) % 2 == 0 ? "a" : "b", 0, 3);
        }
        next = 0;
        for (uint32_t i = 0; i < KEYS && round < ROUNDS - 1; i++) {
            make_key(writer, &next, key);
            if (i % 4 != 0)
                delete_key(table, view(key));
        }
    }
    return NULL;
}

static enum status goes_on(void *arg)
{
    struct stage *stage = arg;
    return atomic_load(&stage->stop) ? ST_CANCELLED : ST_OK;
}

static void *pack_all_the_time(void *arg)
{
    struct stage *stage = arg;
    struct task task = { goes_on, stage };
    while (!atomic_load(&stage->stop)) {
        bool wanted = table_wants_packing(stage->table);
        if (table_pack(stage->table, &task) == ST_OK && wanted)
            atomic_fetch_add(&stage->packs, 1);
        heap_compact();
        table_compact(stage->table, &task);
    }
    return NULL;
}

static bool in_order(struct bytes_view key, const struct estimate *estimates, void *arg)
{
    struct bytes_view *last = arg;
    static _Thread_local uint8_t copy[32] = { 1 };
    ck_assert_double_lt(estimates[0].value + estimates[1].value, 6.5);
    if (last->data != NULL)
        ck_assert_int_lt(key_compare(*last, key), 0);
    memcpy(copy, key.data, key.len);
    *last = (struct bytes_view){ copy, key.len };
    return true;
}

static void *ask_all_the_time(void *arg)
{
    struct stage *stage = arg;
    static const struct selector all = { .kind = SELECTOR_ALL };
    while (!atomic_load(&stage->stop)) {
        struct column_set columns;
        struct bytes_view last = { NULL, 0 };
        uint64_t digest;
        bool more;
        ck_assert_int_eq(table_find_columns(stage->table, NULL, 0, &columns, NULL), ST_OK);
        ck_assert_int_eq(table_scan(stage->table, &all, NULL, 5000, &columns, NULL, in_order, &last,
                                    &more, NULL),
                         ST_OK);
        ck_assert_int_eq(table_digest(stage->table, NULL, &digest), ST_OK);
    }
    return NULL;
}

START_TEST(rows_move_while_others_use_them)
{
    struct stage stage = { 0 };
    struct writer writers[WRITERS];
    pthread_t threads[WRITERS + 2];
    struct table_info info;
    stage.table = fixture_table(&stage.catalog, columns_two, 2);
    for (uint32_t i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){ &stage, i };
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_rounds, &writers[i]), 0);
    }
    ck_assert_int_eq(pthread_create(&threads[WRITERS], NULL, pack_all_the_time, &stage), 0);
    ck_assert_int_eq(pthread_create(&threads[WRITERS + 1], NULL, ask_all_the_time, &stage), 0);
    for (uint32_t i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&stage.stop, true);
    pthread_join(threads[WRITERS], NULL);
    pthread_join(threads[WRITERS + 1], NULL);
    ck_assert_uint_gt(stage.packs, 0);
    table_describe(stage.table, &info);
    ck_assert_uint_eq(info.keys, WRITERS * KEYS);
    ck_assert_int_eq(table_maintain(stage.table, NULL), ST_OK);
    check_usage(stage.table);
    table_unref(stage.table);
    catalog_free(stage.catalog);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { rows_move_while_others_use_them };
    return RUN_SUITE("pack_threads", tests);
}
