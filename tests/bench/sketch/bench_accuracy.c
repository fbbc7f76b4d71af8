/* bench_accuracy: how far estimates are off, as a table.
 *
 *   bench_accuracy [--trials N] [--seed N] [--precision P] [--scan] [--no-unions] [--max N]
 *                  [--values N,..]
 *
 * Prints for each number of distinct values the root mean square of the
 * relative error, the mean error in standard errors of the mean, and the RMSE
 * over the relative standard error that the estimates reported, with that
 * ratio's own standard error; for points and for unions of two halves. --values
 * asks at the sizes given, ascending: where few trials are off at all, a ratio
 * takes more of them than a table has time for. --scan goes from 2,000 to 60,000 values in small
 * steps, as tab-separated values for plot_accuracy.py, beside it. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/sketch/accuracy_trials.h"

#define SCAN_FIRST 2000u
#define SCAN_LAST 60000u
#define POINTS_MAX 256u

struct options {
    size_t trials;
    uint64_t seed;
    unsigned precision;
    uint64_t max;
    const char *values; /* NULL: a table of sizes */
    bool scan;
    bool unions;
};

/* The sizes of a list with commas between; 0 if it is none, or does not ascend. */
static size_t parse_points(const char *text, struct accuracy *points)
{
    uint64_t before = 0;
    for (size_t count = 0; count < POINTS_MAX;) {
        char *end;
        points[count].values = strtoull(text, &end, 0);
        if (end == text || points[count].values <= before || (*end != ',' && *end != '\0'))
            return 0;
        before = points[count++].values;
        if (*end == '\0')
            return count;
        text = end + 1;
    }
    return 0;
}

static size_t choose_points(const struct options *options, struct accuracy *points)
{
    static const uint64_t sizes[] = { 1,      2,      10,      100,     500,     1000,
                                      2000,   3000,   3500,    4000,    5000,    7000,
                                      10000,  20000,  30000,   50000,   70000,   100000,
                                      200000, 500000, 1000000, 2000000, 5000000, 10000000 };
    size_t count = 0;
    if (options->values != NULL)
        return parse_points(options->values, points);
    if (options->scan) {
        for (uint64_t n = SCAN_FIRST; n <= SCAN_LAST; n += n < 8000 ? 100 : n / 40)
            points[count++].values = n;
        return count;
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0] && sizes[i] <= options->max; i++)
        points[count++].values = sizes[i];
    return count;
}

static double sigmas(const struct error_stats *stats)
{
    double rmse = error_rmse(stats);
    return rmse > 0 ? error_mean(stats) / rmse * sqrt((double)stats->trials) : 0;
}

static void print_stats(const struct error_stats *stats, char separator)
{
    printf("%c%8.4f%c%6.2f%c%6.3f%c%5.3f", separator, 100 * error_rmse(stats), separator,
           sigmas(stats), separator, error_ratio(stats), separator, error_ratio_error(stats));
}

static void print_table(const struct options *options, const struct accuracy *points, size_t count)
{
    char separator = options->scan ? '\t' : ' ';
    printf("# precision %u, %zu trials, seed %llu\n", options->precision, options->trials,
           (unsigned long long)options->seed);
    printf("# values%cRMSE %%%cmean/sigma%cRMSE/reported%cits error", separator, separator,
           separator, separator);
    puts(options->unions ? ", then the same for unions of two halves" : "");
    for (size_t i = 0; i < count; i++) {
        printf("%9llu", (unsigned long long)points[i].values);
        print_stats(&points[i].point, separator);
        if (options->unions)
            print_stats(&points[i].halves, separator);
        putchar('\n');
    }
}

static bool parse(int argc, char **argv, struct options *options)
{
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];
        if (strcmp(name, "--scan") == 0) {
            options->scan = true;
            continue;
        }
        if (strcmp(name, "--no-unions") == 0) {
            options->unions = false;
            continue;
        }
        if (i + 1 == argc)
            return false;
        unsigned long long number = strtoull(argv[++i], NULL, 0);
        if (strcmp(name, "--values") == 0)
            options->values = argv[i];
        else if (strcmp(name, "--trials") == 0)
            options->trials = (size_t)number;
        else if (strcmp(name, "--seed") == 0)
            options->seed = number;
        else if (strcmp(name, "--precision") == 0)
            options->precision = (unsigned)number;
        else if (strcmp(name, "--max") == 0)
            options->max = number;
        else
            return false;
    }
    return options->trials > 0;
}

int main(int argc, char **argv)
{
    static struct accuracy points[POINTS_MAX];
    struct options options = { 10000, 20260401, 14, 1000000, NULL, false, true };
    struct sketch_shape shape;
    bool understood = parse(argc, argv, &options);
    size_t count = understood ? choose_points(&options, points) : 0;
    if (count == 0 || sketch_shape_init(&shape, options.precision) != ST_OK) {
        fputs("usage: bench_accuracy [--trials N] [--seed N] [--precision P] [--scan] "
              "[--no-unions] [--max N] [--values N,..]\n",
              stderr);
        return EXIT_FAILURE;
    }
    if (accuracy_run(&shape, points, count, options.trials, options.seed, options.unions) !=
        ST_OK) {
        fputs("out of memory\n", stderr);
        return EXIT_FAILURE;
    }
    print_table(&options, points, count);
    return EXIT_SUCCESS;
}
