/* Batches that are full, refused, or not answered. */
#include <check.h>

#include "tests/unit/client/batch_scene.h"
#include "tests/unit/run_suite.h"

START_TEST(full_batch_fails_when_told_so)
{
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    options.max_values = 2;
    options.max_in_flight = 1;
    options.when_full = CARDINAL_FULL_FAIL;
    seen.silent = 1;
    start();
    cardinal_batch *batch = open_batch(&options);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(cardinal_batch_int(batch, "k", 1, 0, i), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_int(batch, "k", 1, 0, 4), CARDINAL_ERR_FULL);
    ck_assert_int_eq(cardinal_batch_int(batch, "k", 1, 0, 5), CARDINAL_ERR_FULL);
    cardinal_batch_close(batch);
    stop();
    forget_seen();
}
END_TEST

START_TEST(full_batch_waits_for_answers)
{
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    cardinal_batch_totals totals;
    options.max_values = 1;
    options.max_in_flight = 2;
    start();
    cardinal_batch *batch = open_batch(&options);
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(cardinal_batch_int(batch, "k", 1, 0, i), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK);
    cardinal_batch_get_totals(batch, &totals);
    ck_assert_uint_eq(totals.batches, 50);
    cardinal_batch_close(batch);
    stop();
    forget_seen();
}
END_TEST

START_TEST(held_bytes_are_bounded)
{
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    options.max_bytes = 4096;
    options.max_in_flight = 100;
    options.when_full = CARDINAL_FULL_FAIL;
    options.max_age_ms = 1000000;
    seen.silent = 1000;
    start();
    cardinal_batch *batch = open_batch(&options);
    int taken = 0;
    while (cardinal_batch_int(batch, "k", 1, 0, taken) == CARDINAL_OK)
        taken++;
    ck_assert_int_lt(taken, 4096 / 8);
    ck_assert_int_gt(taken, 4096 / 8 / 2);
    cardinal_batch_close(batch);
    stop();
    forget_seen();
}
END_TEST

START_TEST(refused_batch_is_handed_back_and_may_be_retried)
{
    cardinal_batch_totals totals;
    seen.refuse = 1;
    seen.refuse_with = CARDINAL__V1__STATUS__STATUS_RESOURCE_EXHAUSTED;
    start();
    cardinal_batch *batch = open_batch(NULL);
    ck_assert_int_eq(add(batch, "k", 0, "1"), CARDINAL_OK);
    ck_assert_int_eq(add(batch, "k", 0, "2"), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_RESOURCE_EXHAUSTED);
    ck_assert_str_eq(cardinal_error(client), "refused by the test");
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK); /* told once */
    cardinal_failed *failed = cardinal_batch_failed(batch);
    ck_assert_ptr_nonnull(failed);
    ck_assert_ptr_null(cardinal_batch_failed(batch));
    ck_assert_int_eq(cardinal_failed_status(failed), CARDINAL_RESOURCE_EXHAUSTED);
    ck_assert_str_eq(cardinal_failed_message(failed), "refused by the test");
    ck_assert_uint_eq(cardinal_failed_values(failed), 2);
    ck_assert_int_eq(cardinal_batch_retry(batch, failed), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK);
    cardinal_batch_get_totals(batch, &totals);
    ck_assert_uint_eq(totals.values, 2);
    ck_assert_uint_eq(totals.batches, 2);
    ck_assert_uint_eq(totals.failed_batches, 1);
    cardinal_batch_close(batch);
    stop();
    ck_assert_uint_eq(seen.ingests, 2);
    ck_assert_uint_eq(seen.values[1], 2);
}
END_TEST

START_TEST(failure_is_told_by_a_later_add_that_takes_its_value)
{
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    cardinal_batch_totals totals;
    options.max_values = 1;
    options.max_in_flight = 1;
    seen.refuse = 1;
    seen.refuse_with = CARDINAL__V1__STATUS__STATUS_FAILED_PRECONDITION;
    start();
    cardinal_batch *batch = open_batch(&options);
    ck_assert_int_eq(cardinal_batch_int(batch, "k", 1, 0, 1), CARDINAL_OK);
    cardinal_status status = CARDINAL_OK;
    int added = 1;
    while (status == CARDINAL_OK && added < 5)
        status = cardinal_batch_int(batch, "k", 1, 0, ++added);
    ck_assert_int_eq(status, CARDINAL_FAILED_PRECONDITION);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK);
    cardinal_batch_get_totals(batch, &totals);
    ck_assert_uint_eq(totals.values, (uint64_t)added - 1);
    cardinal_batch_close(batch);
    stop();
    forget_seen();
}
END_TEST

START_TEST(unanswered_batch_times_out_and_is_handed_back)
{
    seen.silent = 1;
    start();
    cardinal_batch *batch = open_batch(NULL);
    ck_assert_int_eq(add(batch, "k", 0, "1"), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_ERR_TIMEOUT);
    cardinal_failed *failed = cardinal_batch_failed(batch);
    ck_assert_ptr_nonnull(failed);
    ck_assert_int_eq(cardinal_batch_retry(batch, failed), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK);
    cardinal_batch_close(batch);
    stop();
    forget_seen();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        full_batch_fails_when_told_so,
        full_batch_waits_for_answers,
        held_bytes_are_bounded,
        refused_batch_is_handed_back_and_may_be_retried,
        failure_is_told_by_a_later_add_that_takes_its_value,
        unanswered_batch_times_out_and_is_handed_back,
    };
    return RUN_SUITE("client_batch_faults", tests);
}
