#include "client/bench/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/bench/check.h"
#include "client/bench/result.h"
#include "client/bench/settings.h"

#define BAR 50 /* characters of the histogram's longest */
#define MIB 1048576.0

static const struct {
    const char *name;
    double percent;
} percentiles[] = {
    { "p50", 50 }, { "p90", 90 }, { "p99", 99 }, { "p99.9", 99.9 }, { "p99.99", 99.99 },
};

#define PERCENTILES (sizeof percentiles / sizeof percentiles[0])

static double per_value(const struct report *report, uint64_t ns)
{
    uint64_t values = report->result->values;
    return values > 0 ? (double)ns / (double)values : 0;
}

static uint64_t server_cpu_ns(const struct report *report)
{
    return report->after.cpu_ns - report->before.cpu_ns;
}

static double values_per_second(const struct report *report)
{
    return report->seconds > 0 ? (double)report->result->values / report->seconds : 0;
}

/* Of what there are so many values. */
static const char *unit(const struct settings *settings)
{
    switch (settings->workload.kind) {
    case WORKLOAD_POINT:
        return "key";
    case WORKLOAD_UNION:
        return "union";
    case WORKLOAD_SCAN:
        return "page";
    default:
        return "value";
    }
}

static uint64_t count_errors(const struct report *report)
{
    return report->result->errors + (report->reads != NULL ? report->reads->errors : 0);
}

static const char *first_error(const struct report *report)
{
    bool of_reads = report->result->errors == 0 && report->reads != NULL;
    return of_reads ? report->reads->first_error : report->result->first_error;
}

/* --- JSON --- */

/* Messages of the library and the server are plain text; this keeps a stray quote or
 * control character from spoiling the line. */
static void print_string(const char *text)
{
    (void)putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            (void)putchar('\\');
        if ((unsigned char)*text >= 0x20)
            (void)putchar(*text);
    }
    (void)putchar('"');
}

static void print_json_latency(const char *name, const struct histogram *latency)
{
    (void)printf(",\"%s\":{", name);
    for (size_t i = 0; i < PERCENTILES; i++)
        (void)printf("\"%s\":%.1f,", percentiles[i].name,
                     (double)histogram_percentile(latency, percentiles[i].percent) / 1e3);
    (void)printf("\"max\":%.1f}", (double)latency->max / 1e3);
}

static void print_json_settings(const struct settings *settings)
{
    (void)printf(",\"batch\":%" PRIu32 ",\"connections\":%" PRIu32 ",\"threads\":%" PRIu32
                 ",\"in_flight\":%" PRIu32 ",\"rate\":%" PRIu64 ",\"raw\":%s,\"durable\":%s",
                 settings->batch, settings->connections, settings->threads, settings->in_flight,
                 settings->rate, settings->raw ? "true" : "false",
                 settings->durable ? "true" : "false");
}

static void print_json_reads(const struct result *reads)
{
    (void)printf(",\"reads\":%" PRIu64, (uint64_t)reads->values);
    print_json_latency("read_latency_us", &reads->latency);
}

static void print_json(const struct report *report)
{
    const struct settings *settings = report->settings;
    const struct result *result = report->result;
    const struct check *check = report->check;
    (void)printf("{\"workload\":\"%s\",\"unit\":\"%s\",\"values\":%" PRIu64 ",\"seconds\":%.6f",
                 workload_name(settings->workload.kind), unit(settings), (uint64_t)result->values,
                 report->seconds);
    (void)printf(",\"values_per_second\":%.0f,\"server_cpu_ns_per_value\":%.3f"
                 ",\"client_cpu_ns_per_value\":%.3f,\"server_resident_bytes\":%" PRIu64,
                 values_per_second(report), per_value(report, server_cpu_ns(report)),
                 per_value(report, report->client_cpu_ns), report->after.resident_bytes);
    print_json_latency("latency_us", &result->latency);
    (void)printf(",\"errors\":%" PRIu64 ",\"unsent\":%" PRIu64, count_errors(report),
                 (uint64_t)result->unsent);
    if (count_errors(report) > 0) {
        (void)printf(",\"first_error\":");
        print_string(first_error(report));
    }
    if (report->reads != NULL)
        print_json_reads(report->reads);
    print_json_settings(settings);
    (void)printf(",\"check\":{\"what\":\"%s\",\"exact\":%" PRIu64
                 ",\"estimate\":%.1f,\"right\":%s}}\n",
                 check->what, check->exact, check->estimate, check->right ? "true" : "false");
}

/* --- text --- */

static void print_latency(const char *name, const struct histogram *latency)
{
    (void)printf("%-12s", name);
    for (size_t i = 0; i < PERCENTILES; i++)
        (void)printf(" %s %.1f ", percentiles[i].name,
                     (double)histogram_percentile(latency, percentiles[i].percent) / 1e3);
    (void)printf(" max %.1f\n", (double)latency->max / 1e3);
}

/* A bar for each half of a power of two that lies between the least and the largest. */
static void print_histogram(const struct histogram *latency)
{
    uint64_t most = 1;
    uint64_t edges[128];
    size_t count = 0;
    for (unsigned power = 10; power < 63; power++) {
        edges[count++] = UINT64_C(1) << power;
        edges[count++] = UINT64_C(3) << (power - 1);
    }
    edges[0] = 0;
    for (size_t i = 0; i + 1 < count; i++) {
        uint64_t in = histogram_count(latency, edges[i], edges[i + 1]);
        most = in > most ? in : most;
    }
    for (size_t i = 0; i + 1 < count && edges[i] <= latency->max; i++) {
        uint64_t in = histogram_count(latency, edges[i], edges[i + 1]);
        if (histogram_count(latency, 0, edges[i + 1]) == 0)
            continue;
        int width = (int)((double)in / (double)most * BAR + (in > 0 ? 0.999 : 0));
        (void)printf("  < %10.1f us %10" PRIu64 " %.*s\n", (double)edges[i + 1] / 1e3, in, width,
                     "##################################################");
    }
}

static void print_cost(const struct report *report)
{
    const char *of = unit(report->settings);
    (void)printf("server cpu   %.2f ns a %s\n", per_value(report, server_cpu_ns(report)), of);
    (void)printf("client cpu   %.2f ns a %s\n", per_value(report, report->client_cpu_ns), of);
    (void)printf("memory       %.1f MiB of the server, %+.1f in the run\n",
                 (double)report->after.resident_bytes / MIB,
                 ((double)report->after.resident_bytes - (double)report->before.resident_bytes) /
                     MIB);
}

static void print_text(const struct report *report)
{
    const struct settings *settings = report->settings;
    const struct result *result = report->result;
    const struct check *check = report->check;
    (void)printf("workload     %s%s%s, %" PRIu32 " connections, %" PRIu32 " threads, %" PRIu32
                 " a batch, %" PRIu32 " in flight\n",
                 workload_name(settings->workload.kind), settings->raw ? ", raw" : "",
                 settings->durable ? ", durable" : "", settings->connections, settings->threads,
                 settings->batch, settings->in_flight);
    (void)printf("%ss%*s%" PRIu64 " in %.3f s: %.0f a second\n", unit(settings),
                 (int)(12 - strlen(unit(settings))), "", (uint64_t)result->values, report->seconds,
                 values_per_second(report));
    print_cost(report);
    print_latency("latency, us", &result->latency);
    print_histogram(&result->latency);
    if (report->reads != NULL) {
        (void)printf("reads        %" PRIu64 " keys\n", (uint64_t)report->reads->values);
        print_latency("reads, us", &report->reads->latency);
        print_histogram(&report->reads->latency);
    }
    if (result->unsent > 0)
        (void)printf("unsent       %" PRIu64 " batches that were due\n", (uint64_t)result->unsent);
    (void)printf("errors       %" PRIu64 "%s%s\n", count_errors(report),
                 count_errors(report) > 0 ? ": " : "", first_error(report));
    (void)printf("check        %s: %.0f, exactly %" PRIu64 ": %s\n", check->what, check->estimate,
                 check->exact, check->right ? "right" : "WRONG");
}

void report_print(const struct report *report)
{
    if (report->settings->json)
        print_json(report);
    else
        print_text(report);
}
