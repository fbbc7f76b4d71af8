/* What a catalog holds comes back from the disk, to the last digit. */
#include "daemon/store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/store/side.h"
#include "tests/unit/table/fixture.h"

#define KEYS 400u
#define STEPS 600u

static struct scratch scratch;
static struct random dice;

static void make_table(struct side *side)
{
    struct bytes_view names[] = { view("c0"), view("c1"), view("c2") };
    side_make_table(side, names, 3);
}

static struct bytes_view key_of(uint64_t number, char name[32])
{
    int len = snprintf(name, 32, "%s%u", number % 3 == 0 ? "odd/" : "", (unsigned)number);
    return (struct bytes_view){ (const uint8_t *)name, (size_t)len };
}

static void step(struct side *side, struct filler *filler)
{
    struct column_set columns;
    uint64_t hashes[300];
    char name[32];
    uint64_t kind = random_below(&dice, 100);
    struct bytes_view key = key_of(random_below(&dice, KEYS), name);
    struct selector one = { .kind = SELECTOR_LIST, .list = &key, .list_count = 1 };
    uint64_t n;
    uint64_t changes;
    ck_assert_int_eq(table_find_columns(side->table, NULL, 0, &columns, NULL), ST_OK);
    if (kind < 6) {
        ck_assert_int_eq(table_delete(side->table, &one, NULL, &n, NULL), ST_OK);
        return;
    }
    if (kind < 14) {
        struct bytes_view into = view("merged");
        ck_assert_int_eq(table_merge(side->table, &one, into, NULL, &n, &changes, NULL), ST_OK);
        return;
    }
    for (uint64_t row = 0; row < 10; row++) {
        filler_row(filler, key_of(random_below(&dice, row < 2 ? 5 : KEYS), name));
        size_t count = 1 + random_below(&dice, row < 2 ? 300 : 6);
        for (size_t i = 0; i < count; i++)
            hashes[i] = value_hash(random_below(&dice, 100000));
        filler_cell(filler, (uint32_t)random_below(&dice, 3), hashes, count);
    }
    filler_apply(filler, side->table, &columns, 500);
}

static void alter(struct side *side, const char *add, const char *drop)
{
    struct bytes_view names[] = { view(add), view(drop) };
    const struct table_change change = {
        .add = &names[0], .add_count = 1, .drop = &names[1], .drop_count = 1
    };
    struct table *table;
    ck_assert_int_eq(catalog_alter(side->catalog, view("t"), &change, &table, NULL), ST_OK);
    table_unref(table);
}

static void begin(struct side *side, struct filler *filler, const char *test)
{
    random_init(&dice, test);
    scratch_init(&scratch);
    filler_init(filler);
    side_open(side, &scratch, 1);
    make_table(side);
}

static void end(struct side *side, struct filler *filler)
{
    filler_release(filler);
    side_close(side);
    scratch_release(&scratch);
}

START_TEST(journal_alone_brings_everything_back)
{
    struct side sides[2];
    struct filler filler;
    begin(&sides[0], &filler, "recover_journal");
    for (unsigned round = 0; round < 4; round++) {
        for (unsigned i = 0; i < STEPS / 4; i++)
            step(&sides[round % 2], &filler);
        if (round == 1)
            alter(&sides[1], "c3", "c1");
        side_reopen(&sides[round % 2], &sides[(round + 1) % 2]);
    }
    end(&sides[0], &filler);
}
END_TEST

START_TEST(snapshot_and_what_follows_bring_everything_back)
{
    struct side sides[2];
    struct filler filler;
    begin(&sides[0], &filler, "recover_snapshot");
    for (unsigned round = 0; round < 4; round++) {
        for (unsigned i = 0; i < STEPS / 4; i++) {
            step(&sides[round % 2], &filler);
            if (i % 50 == 20)
                side_checkpoint(&sides[round % 2], NULL);
        }
        if (round == 2)
            alter(&sides[0], "c3", "c0");
        side_reopen(&sides[round % 2], &sides[(round + 1) % 2]);
    }
    end(&sides[0], &filler);
}
END_TEST

/* Takes snapshots as long as another thread changes the table. */
static atomic_bool is_over;

static void *checkpoint_again_and_again(void *side)
{
    while (!atomic_load(&is_over))
        side_checkpoint(side, NULL);
    return NULL;
}

START_TEST(snapshots_while_the_table_changes_bring_everything_back)
{
    struct side sides[2];
    struct filler filler;
    begin(&sides[0], &filler, "recover_fuzzy");
    for (unsigned round = 0; round < 6; round++) {
        pthread_t thread;
        struct side *side = &sides[round % 2];
        atomic_store(&is_over, false);
        ck_assert_int_eq(pthread_create(&thread, NULL, checkpoint_again_and_again, side), 0);
        for (unsigned i = 0; i < STEPS; i++)
            step(side, &filler);
        atomic_store(&is_over, true);
        pthread_join(thread, NULL);
        side_reopen(side, &sides[(round + 1) % 2]);
    }
    end(&sides[0], &filler);
}
END_TEST

START_TEST(recovery_without_memory_fails_whole)
{
    struct side side;
    struct filler filler;
    struct error err;
    bool failed = true;
    begin(&side, &filler, "recover_nomem");
    for (unsigned i = 0; i < 20; i++)
        step(&side, &filler);
    side_checkpoint(&side, NULL);
    for (unsigned i = 0; i < 5; i++)
        step(&side, &filler);
    uint64_t digest = digest_of(side.table);
    side_close(&side);
    for (long n = 0; failed; n += 1 + n / 16) {
        const struct store_options options = { .path = scratch.path };
        struct side again = { .scratch = &scratch, .catalog = catalog_new(10, 5) };
        ck_assert_int_eq(store_open(&options, &again.store, &err), ST_OK);
        failing_alloc_arm(n);
        enum status status = side_recover(&again, 1, &err);
        failed = failing_alloc_disarm();
        ck_assert(failed || status == ST_OK);
        ck_assert_uint_eq(catalog_count(again.catalog), status == ST_OK ? 1 : 0);
        catalog_free(again.catalog);
        store_close(again.store);
    }
    side_open(&side, &scratch, 9);
    ck_assert_uint_eq(digest_of(side.table), digest);
    end(&side, &filler);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        journal_alone_brings_everything_back,
        snapshot_and_what_follows_bring_everything_back,
        snapshots_while_the_table_changes_bring_everything_back,
        recovery_without_memory_fails_whole,
    };
    return RUN_SUITE("recover", tests);
}
