/* Kills the daemon, and looks whether it kept what it promised: see rounds.h.
 *
 *      test_crash [--kills N] [--seed N] [--plant cut-tail|lazy-sync]
 *
 * Ends with a line that says how many kills and losses there were. */
#include <check.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "tests/crash/rounds.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/run_integration.h"

#define KILLS 200u
#define COVERING_KILLS 150u /* from so many on every failpoint is to be reached */

static struct rounds_options options = { .kills = KILLS };

static void print_result(const struct rounds_result *result, int64_t began_ms)
{
    unsigned at_failpoints = result->kills - result->at_random;
    printf("crash: %u kills (%u at random moments, %u at failpoints; %u of them power cuts, %u "
           "with a disk that had failed), %u losses\n",
           result->kills, result->at_random, at_failpoints, result->power_cuts, result->faults,
           result->losses);
    printf("crash: %lu answers, %lu of them durable; %u times compared to the last bit; %.1f s; "
           "seed %" PRIu64 "\n",
           result->answers, result->durable_answers, result->quiet,
           (double)(now_ms() - began_ms) / 1000, options.seed);
    for (unsigned i = 0; i < FAILPOINT_COUNT; i++)
        printf("crash: %4u kills at %s\n", result->at_failpoints[i],
               failpoint_name((enum failpoint)i));
    fflush(stdout);
}

START_TEST(nothing_acknowledged_is_lost)
{
    struct rounds_result result;
    int64_t began_ms = now_ms();
    printf("crash: seed %" PRIu64 "\n", options.seed);
    fflush(stdout);
    rounds_run(&options, &result);
    print_result(&result, began_ms);
    ck_assert_uint_eq(result.losses, 0);
    if (options.kills < COVERING_KILLS)
        return;
    for (unsigned i = 0; i < FAILPOINT_COUNT; i++)
        ck_assert_msg(result.at_failpoints[i] > 0, "failpoint '%s' was never reached",
                      failpoint_name((enum failpoint)i));
}
END_TEST

static void take_plant(const char *name)
{
    if (strcmp(name, "cut-tail") == 0) {
        options.plant = PLANT_CUT_TAIL;
    } else if (strcmp(name, "lazy-sync") == 0) {
        options.plant = PLANT_LAZY_SYNC;
    } else {
        fprintf(stderr, "test_crash: no plant '%s'\n", name);
        exit(2);
    }
}

static void take_options(int argc, char **argv)
{
    static const struct option names[] = {
        { "kills", required_argument, NULL, 'k' },
        { "seed", required_argument, NULL, 's' },
        { "plant", required_argument, NULL, 'p' },
        { 0 },
    };
    if (getrandom(&options.seed, sizeof options.seed, 0) != sizeof options.seed)
        options.seed = (uint64_t)now_ms();
    for (int option; (option = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        if (option == 'k')
            options.kills = (unsigned)strtoul(optarg, NULL, 10);
        else if (option == 's')
            options.seed = strtoull(optarg, NULL, 10);
        else if (option == 'p')
            take_plant(optarg);
        else
            exit(2);
    }
}

int main(int argc, char **argv)
{
    const TTest *const tests[] = { nothing_acknowledged_is_lost };
    take_options(argc, argv);
    setenv("CK_DEFAULT_TIMEOUT", "0", 1);
    return RUN_INTEGRATION("crash", tests);
}
