/* The reference workload: the same 60,015 rows in nine tables, each keyed by
 * another column. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/integration/harness/cli.h"
#include "tests/integration/harness/daemon.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/reference_table.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_IS_REAL 0 /* a sanitizer's shadow and quarantine are counted too */
#else
#define MEMORY_IS_REAL 1
#endif

#define K4_GROWTH_MAX ((uint64_t)10 << 20)

static void load_both(const struct reference_set *set, const char *address, const char *table,
                      const char *key)
{
    reference_load(address, table, key, set->small);
    reference_load(address, table, key, set->large);
}

START_TEST(nine_tables_give_the_exact_answers_within_their_bounds)
{
    static const char *const keys[] = { "k1", "k2", "k3", "k4", "k5", "k6", "k7", "k10", "k11" };
    struct reference_set set;
    struct reference_misses misses = { 0 };
    struct daemon daemon;
    reference_set_make(&set);
    daemon_start(&daemon, DAEMON_UNIX, NULL);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char table[8];
        snprintf(table, sizeof table, "by_%s", keys[i]);
        reference_create(daemon.unix_address, table);
        load_both(&set, daemon.unix_address, table, keys[i]);
        size_t column = reference_find_column(keys[i]);
        reference_check_scan(&set, daemon.unix_address, table, column, &misses);
        reference_check_union(&set, daemon.unix_address, table, column, &misses);
    }
    printf("%llu cells, %llu off by up to 3 (%.1f expected), the rest within %.2f sigmas\n",
           (unsigned long long)misses.cells, (unsigned long long)misses.off, misses.expected_off,
           misses.worst_sigmas);
    reference_check_misses(&misses);
    daemon_stop(&daemon);
    reference_set_release(&set);
}
END_TEST

START_TEST(same_digest_whatever_the_order_and_however_often)
{
    struct reference_set set;
    struct reference_misses misses = { 0 };
    struct daemon daemon;
    const char *const options[] = { "--threads", "2", NULL };
    reference_set_make(&set);
    daemon_start(&daemon, DAEMON_TCP | DAEMON_UNIX, options);
    reference_create(daemon.tcp_address, "in_order");
    load_both(&set, daemon.tcp_address, "in_order", "k5");
    char *in_order = reference_digest(daemon.tcp_address, "in_order");

    /* Two clients at once, the files swapped; then all of it once more. */
    reference_create(daemon.tcp_address, "mixed");
    struct run one;
    struct run two;
    reference_load_start(&one, daemon.tcp_address, "mixed", "k5", set.small);
    reference_load_start(&two, daemon.unix_address, "mixed", "k5", set.large);
    cli_finish(&one);
    reference_load(daemon.tcp_address, "mixed", "k5", set.large);
    cli_finish(&two);
    reference_load(daemon.unix_address, "mixed", "k5", set.small);
    run_release(&one);
    run_release(&two);
    char *mixed = reference_digest(daemon.unix_address, "mixed");
    ck_assert_str_eq(mixed, in_order);

    load_both(&set, daemon.tcp_address, "mixed", "k5");
    free(mixed);
    mixed = reference_digest(daemon.tcp_address, "mixed");
    ck_assert_str_eq(mixed, in_order);
    size_t column = reference_find_column("k5");
    reference_check_scan(&set, daemon.tcp_address, "mixed", column, &misses);
    reference_check_union(&set, daemon.tcp_address, "mixed", column, &misses);
    reference_check_misses(&misses);
    free(mixed);
    free(in_order);
    daemon_stop(&daemon);
    reference_set_release(&set);
}
END_TEST

START_TEST(sixty_thousand_keys_take_less_than_10_mib)
{
    struct reference_set set;
    struct daemon daemon;
    reference_set_make(&set);
    daemon_start(&daemon, DAEMON_UNIX, NULL);
    reference_create(daemon.unix_address, "by_k4");
    uint64_t before = process_resident_bytes(daemon.pid);
    reference_load(daemon.unix_address, "by_k4", "k4", set.small);
    double rate = reference_load(daemon.unix_address, "by_k4", "k4", set.large);
    uint64_t growth = process_resident_bytes(daemon.pid) - before;
    printf("k4: %.0f values a second, %.1f MiB more\n", rate, (double)growth / (1 << 20));
    if (MEMORY_IS_REAL)
        ck_assert_uint_lt(growth, K4_GROWTH_MAX);
    daemon_stop(&daemon);
    reference_set_release(&set);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        nine_tables_give_the_exact_answers_within_their_bounds,
        same_digest_whatever_the_order_and_however_often,
        sixty_thousand_keys_take_less_than_10_mib,
    };
    return RUN_INTEGRATION("reference", tests);
}
