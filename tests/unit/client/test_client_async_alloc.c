/* Every allocation of the asynchronous library fails once, in turn: each callback is
 * called once all the same, the client goes on, and nothing is left behind. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "client/include/cardinal_async.h"
#include "tests/unit/client/server_process.h"
#include "tests/unit/failing_alloc.h"

#define ROUNDS_MAX 500

static struct server_process server;
static uv_loop_t loop;
static cardinal_async *client;

/* What became of one piece of work. */
static struct {
    unsigned asked; /* callbacks that are to come */
    unsigned told;  /* and have come */
    cardinal_status worst;
    const char *wrong; /* what a callback found wrong */
} work;

/* As ck_assert(), which must not be called here: libcheck allocates. */
static void demand(bool holds, const char *what)
{
    if (!holds)
        work.wrong = what;
}

static void note(cardinal_status status)
{
    if (status != CARDINAL_OK)
        work.worst = status;
}

static void tell(cardinal_status status)
{
    work.told++;
    note(status);
}

static void done(cardinal_async *of, cardinal_status status, void *arg)
{
    (void)of;
    (void)arg;
    tell(status);
}

static void counted(cardinal_async *of, cardinal_status status, const cardinal_counts *counts,
                    void *arg)
{
    demand((counts != NULL) == (status == CARDINAL_OK), "counts come with CARDINAL_OK");
    done(of, status, arg);
}

static void united(cardinal_async *of, cardinal_status status, const cardinal_union_result *result,
                   void *arg)
{
    demand((result != NULL) == (status == CARDINAL_OK), "a union comes with CARDINAL_OK");
    done(of, status, arg);
}

static bool paged(cardinal_async *of, cardinal_status status, const cardinal_async_page *page,
                  void *arg)
{
    demand((page != NULL) == (status == CARDINAL_OK), "a page comes with CARDINAL_OK");
    if (page == NULL || page->last)
        done(of, status, arg);
    return true;
}

static cardinal_status ping(void)
{
    return cardinal_async_ping(client, done, NULL);
}

static cardinal_status count(void)
{
    const cardinal_key key = { "k", 1 };
    const char *columns[] = { "a" };
    return cardinal_async_count(client, "t", &key, 1, columns, 1, counted, NULL);
}

static cardinal_status unite(void)
{
    cardinal_selector prefix = cardinal_select_prefix("k", 1);
    return cardinal_async_union(client, "t", &prefix, NULL, 0, united, NULL);
}

static cardinal_status scan(void)
{
    cardinal_selector all = cardinal_select_all();
    return cardinal_async_scan(client, "t", &all, NULL, 0, 0, paged, NULL);
}

/* ---- a batch ---------------------------------------------------------- */

static void opened(cardinal_async_batch *batch, cardinal_status status, void *arg)
{
    (void)arg;
    note(status);
    if (status == CARDINAL_OK)
        note(status = cardinal_async_batch_int(batch, "k", 1, 0, 1));
    if (status == CARDINAL_OK)
        note(status = cardinal_async_batch_string(batch, "l", 1, 1, "value", 5));
    if (status == CARDINAL_OK)
        note(status = cardinal_async_batch_flush(batch));
    if (status == CARDINAL_OK)
        return;
    cardinal_async_batch_close(batch);
    work.told++;
}

/* What failed is sent again: the values arrive in the end. */
static void acked(cardinal_async_batch *batch, const cardinal_async_ack *ack, void *arg)
{
    (void)arg;
    note(ack->status);
    if (ack->status == CARDINAL_OK)
        demand(ack->values == 2, "both values are acked");
    else
        demand(cardinal_async_batch_retry(batch, ack->failed) == CARDINAL_OK, "it is sent again");
}

static void flushed(cardinal_async_batch *batch, void *arg)
{
    cardinal_batch_totals totals;
    (void)arg;
    cardinal_async_batch_get_totals(batch, &totals);
    demand(totals.values == 2, "both values are flushed");
    cardinal_async_batch_close(batch);
    work.told++;
}

static cardinal_status ingest(void)
{
    static const cardinal_async_batch_events events = { opened, acked, NULL, flushed };
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    cardinal_async_batch *batch = NULL;
    options.raw = true;
    options.max_age_ms = 1; /* after which what could not be sent is tried again */
    return cardinal_async_batch_open(client, "t", NULL, 0, &options, &events, NULL, &batch);
}

static cardinal_status (*const works[])(void) = { ping, count, unite, scan, ingest };

/* ---- rounds ----------------------------------------------------------- */

static cardinal_status open_client(void)
{
    cardinal_options connect = CARDINAL_OPTIONS_INIT;
    cardinal_async_options options = CARDINAL_ASYNC_OPTIONS_INIT;
    char *text = NULL;
    connect.address = server.address;
    connect.retries = -1;
    options.connect = &connect;
    memset(&work, 0, sizeof work);
    cardinal_status status = cardinal_async_open(&loop, &options, done, NULL, &client, &text);
    if (status == CARDINAL_OK)
        work.asked++;
    cardinal_free_text(text);
    return status;
}

static void run_until_told(void)
{
    while (work.told < work.asked)
        uv_run(&loop, UV_RUN_ONCE);
}

static void close_loop(void)
{
    unsigned told = work.told;
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_uint_eq(work.told, told);
    ck_assert_int_eq(uv_loop_close(&loop), 0); /* every handle is gone */
}

/* Every callback has come once, and found nothing wrong. */
static void assert_told(void)
{
    ck_assert_msg(work.wrong == NULL, "not so: %s", work.wrong);
    ck_assert_uint_eq(work.told, work.asked);
    ck_assert_uint_eq(cardinal_async_unanswered(client), 0);
}

/* Does the work; the worst status that it met. Asserts nothing. */
static cardinal_status perform(cardinal_status (*ask)(void))
{
    memset(&work, 0, sizeof work);
    cardinal_status status = ask();
    if (status != CARDINAL_OK)
        return status;
    work.asked++;
    run_until_told();
    return work.worst;
}

/* Fails allocation n of the work, then does it again; false when it made fewer. */
static bool fail_one(cardinal_status (*ask)(void), int n)
{
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    ck_assert_int_eq(open_client(), CARDINAL_OK);
    run_until_told();
    failing_alloc_arm(n);
    cardinal_status status = perform(ask);
    bool failed = failing_alloc_disarm();
    assert_told();
    if (failed)
        ck_assert_msg(status == CARDINAL_ERR_MEMORY || status == CARDINAL_OK ||
                          status == CARDINAL_ERR_LOST,
                      "allocation %d: status %d: %s", n, (int)status, cardinal_async_error(client));
    else
        ck_assert_int_eq(status, CARDINAL_OK);
    ck_assert_int_eq(perform(ask), CARDINAL_OK); /* the client is none the worse */
    assert_told();
    cardinal_async_close(client, NULL, NULL);
    close_loop();
    return failed;
}

START_TEST(allocations_fail_cleanly)
{
    int n = 0;
    server_process_start(&server);
    while (fail_one(works[_i], n) && n < ROUNDS_MAX)
        n++;
    server_process_stop(&server);
    ck_assert_int_gt(n, 1);
    ck_assert_int_lt(n, ROUNDS_MAX);
}
END_TEST

START_TEST(opening_fails_cleanly)
{
    bool failed = true;
    server_process_start(&server);
    for (int n = 0; failed && n < ROUNDS_MAX; n++) {
        ck_assert_int_eq(uv_loop_init(&loop), 0);
        failing_alloc_arm(n);
        cardinal_status status = open_client();
        if (status == CARDINAL_OK)
            run_until_told();
        failed = failing_alloc_disarm();
        ck_assert(failed || work.worst == CARDINAL_OK);
        if (status == CARDINAL_OK) {
            assert_told();
            cardinal_async_close(client, NULL, NULL);
        } else
            ck_assert_int_eq(status, CARDINAL_ERR_MEMORY);
        close_loop();
    }
    ck_assert(!failed);
    server_process_stop(&server);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client_async_alloc");
    TCase *tcase = tcase_create("client_async_alloc");
    tcase_add_loop_test(tcase, allocations_fail_cleanly, 0, sizeof works / sizeof works[0]);
    tcase_add_test(tcase, opening_fails_cleanly);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
