#include "daemon/server/ingest_run.h"

#include <stdlib.h>

#include "daemon/server/context.h"
#include "daemon/server/pace.h"
#include "daemon/server/turn_clock.h"
#include "daemon/table/catalog.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"

/* Ingest { table "t", columns "c", rows { key "k", cells { ints 1 } } } */
static const uint8_t batch[] = { 0x0a, 1, 't', 0x1a, 1, 'c',  0x22, 8,
                                 0x0a, 1, 'k', 0x12, 3, 0x22, 1,    2 };
static const struct request_head head = { .id = 1,
                                          .kind = REQUEST_INGEST,
                                          .body = { batch, sizeof batch } };

static struct server_context context;
static struct table *table;

static void set_up(void)
{
    static const struct bytes_view column = { (const uint8_t *)"c", 1 };
    const struct table_spec spec = { .name = { (const uint8_t *)"t", 1 },
                                     .columns = &column,
                                     .column_count = 1 };
    bool created;

    context.limits.max_batch_values = 1000;
    context.catalog = catalog_new(10, 1);
    ck_assert_ptr_nonnull(context.catalog);
    ck_assert_int_eq(catalog_create(context.catalog, &spec, false, &table, &created, NULL), ST_OK);
}

static void tear_down(void)
{
    table_unref(table);
    catalog_free(context.catalog);
}

static uint64_t keys(void)
{
    struct table_info info;

    table_describe(table, &info);
    return info.keys;
}

/* A whole batch; what stopped it. */
static enum status run_batch(void)
{
    struct ingest_run *run = ingest_run_new(&context);
    struct pace pace = { .ns = 100 };
    struct turn_clock clock;
    struct error err;
    bool done = false;

    if (run == NULL)
        return ST_RESOURCE_EXHAUSTED;
    enum status status = ingest_run_begin(run, &context, &head, &err);
    if (status == ST_OK) {
        turn_clock_begin(&clock, uv_hrtime(), true);
        status = ingest_run_step(run, &clock, &pace, &done, &err);
        if (done != (status == ST_OK))
            abort(); /* an assertion would allocate */
        ingest_run_end(run);
    }
    ingest_run_free(run);
    return status;
}

START_TEST(ingest_run_applies_a_batch)
{
    set_up();
    ck_assert_int_eq(run_batch(), ST_OK);
    ck_assert_uint_eq(keys(), 1);
    tear_down();
}
END_TEST

START_TEST(ingest_run_leaves_no_key_without_memory)
{
    bool failed = true;

    set_up();
    for (long n = 0; failed; n++) {
        failing_alloc_arm(n);
        enum status status = run_batch();
        failed = failing_alloc_disarm();
        /* Rollups make do without memory, or go stale. */
        if (status != ST_OK)
            ck_assert(failed && status == ST_RESOURCE_EXHAUSTED);
        ck_assert_uint_eq(keys(), status == ST_OK ? 1 : 0);
    }
    tear_down();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        ingest_run_applies_a_batch,
        ingest_run_leaves_no_key_without_memory,
    };

    return RUN_SUITE("ingest_run", tests);
}
