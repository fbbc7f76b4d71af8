#include <pthread.h>
#include <unistd.h>

#include "daemon/table/shard.h"
#include "tests/unit/run_suite.h"

static struct hold_figures figures(void)
{
    struct hold_figures out;
    holds_read(&out);
    return out;
}

START_TEST(each_hold_counts_under_its_purpose)
{
    struct shard *shard = shard_new(0);
    for (unsigned purpose = HOLD_GROWTH; purpose < HOLD_PURPOSES; purpose++) {
        for (unsigned n = 0; n < purpose; n++) {
            shard_lock(shard, (enum hold_purpose)purpose);
            shard_unlock(shard);
        }
    }
    struct hold_figures seen = figures();
    for (unsigned purpose = HOLD_GROWTH; purpose < HOLD_PURPOSES; purpose++) {
        const struct hold_times *times = &seen.of[purpose];
        ck_assert_uint_eq(times->all, purpose);
        ck_assert_uint_gt(times->max_ns, 0);
        for (unsigned i = 1; i < HOLD_BOUNDS; i++)
            ck_assert_uint_le(times->at_most[i - 1], times->at_most[i]);
        ck_assert_uint_le(times->at_most[HOLD_BOUNDS - 1], times->all);
    }
    ck_assert_uint_eq(seen.waits, 0);
    shard_free(shard);
}
END_TEST

START_TEST(short_holds_are_timed_one_in_some)
{
    struct shard *shard = shard_new(0);
    for (unsigned n = 0; n < 10 * HOLD_SAMPLE; n++) {
        shard_lock(shard, HOLD_INGEST);
        shard_unlock(shard);
    }
    ck_assert_uint_eq(figures().of[HOLD_INGEST].all, 10);
    shard_free(shard);
}
END_TEST

START_TEST(a_long_hold_is_in_no_lower_bound)
{
    struct shard *shard = shard_new(0);
    shard_lock(shard, HOLD_QUERY);
    usleep(3000);
    shard_unlock(shard);
    struct hold_times times = figures().of[HOLD_QUERY];
    ck_assert_uint_eq(times.all, 1);
    ck_assert_uint_eq(times.at_most[HOLD_BOUNDS - 1], 0);
    ck_assert_uint_ge(times.max_ns, 2900000);
    shard_free(shard);
}
END_TEST

static void *lock_once(void *shard)
{
    shard_lock(shard, HOLD_POINT);
    shard_unlock(shard);
    return NULL;
}

START_TEST(who_finds_a_shard_locked_is_counted_with_his_wait)
{
    struct shard *shard = shard_new(0);
    shard_lock(shard, HOLD_DELETE);
    ck_assert(!shard_try_lock(shard, HOLD_POINT));
    shard_unlock(shard);
    ck_assert_uint_eq(figures().waits, 0);
    while (figures().waits == 0) { /* again, if the other thread was too late */
        pthread_t thread;
        shard_lock(shard, HOLD_DELETE);
        ck_assert_int_eq(pthread_create(&thread, NULL, lock_once, shard), 0);
        usleep(20000);
        shard_unlock(shard);
        pthread_join(thread, NULL);
    }
    struct hold_figures seen = figures();
    ck_assert_uint_eq(seen.waits, 1);
    ck_assert_uint_gt(seen.wait_ns, 0);
    ck_assert_uint_eq(seen.wait_max_ns, seen.wait_ns);
    shard_free(shard);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        each_hold_counts_under_its_purpose,
        short_holds_are_timed_one_in_some,
        a_long_hold_is_in_no_lower_bound,
        who_finds_a_shard_locked_is_counted_with_his_wait,
    };
    return RUN_SUITE("holds", tests);
}
