#include "client/bench/report.h"

#include <inttypes.h>
#include <stdio.h>

#include "client/bench/check.h"
#include "client/bench/result.h"
#include "client/bench/settings.h"

static const struct {
    const char *name;
    double percent;
} percentiles[] = {
    { "p50", 50 }, { "p90", 90 }, { "p99", 99 }, { "p99.9", 99.9 }, { "p99.99", 99.99 },
};

#define PERCENTILES (sizeof percentiles / sizeof percentiles[0])

static double per_value(uint64_t ns, uint64_t values)
{
    return values > 0 ? (double)ns / (double)values : 0;
}

static double values_per_second(const struct report *report)
{
    return report->seconds > 0 ? (double)report->result->values / report->seconds : 0;
}

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

static void print_json(const struct report *report)
{
    const struct settings *settings = report->settings;
    const struct result *result = report->result;
    const struct check *check = report->check;
    (void)printf("{\"workload\":\"%s\",\"values\":%" PRIu64 ",\"seconds\":%.6f",
                 workload_name(settings->workload.kind), result->values, report->seconds);
    (void)printf(",\"values_per_second\":%.0f,\"server_cpu_ns_per_value\":%.3f"
                 ",\"client_cpu_ns_per_value\":%.3f,\"latency_us\":{",
                 values_per_second(report), per_value(report->server_cpu_ns, result->values),
                 per_value(report->client_cpu_ns, result->values));
    for (size_t i = 0; i < PERCENTILES; i++)
        (void)printf("\"%s\":%.1f,", percentiles[i].name,
                     (double)histogram_percentile(&result->latency, percentiles[i].percent) / 1e3);
    (void)printf("\"max\":%.1f},\"errors\":%" PRIu64, (double)result->latency.max / 1e3,
                 result->errors);
    if (result->errors > 0) {
        (void)printf(",\"first_error\":");
        print_string(result->first_error);
    }
    (void)printf(",\"batch\":%" PRIu32 ",\"connections\":%" PRIu32 ",\"threads\":%" PRIu32
                 ",\"in_flight\":%" PRIu32 ",\"raw\":%s",
                 settings->batch, settings->connections, settings->threads, settings->in_flight,
                 settings->raw ? "true" : "false");
    (void)printf(",\"check\":{\"what\":\"%s\",\"exact\":%" PRIu64
                 ",\"estimate\":%.1f,\"right\":%s}}\n",
                 check->what, check->exact, check->estimate, check->right ? "true" : "false");
}

static void print_text(const struct report *report)
{
    const struct settings *settings = report->settings;
    const struct result *result = report->result;
    const struct check *check = report->check;
    bool asks = settings->workload.kind == WORKLOAD_POINT;
    (void)printf("workload     %s%s, %" PRIu32 " connections, %" PRIu32 " threads, %" PRIu32
                 " a batch, %" PRIu32 " in flight\n",
                 workload_name(settings->workload.kind), settings->raw ? ", raw" : "",
                 settings->connections, settings->threads, settings->batch, settings->in_flight);
    (void)printf("%s       %" PRIu64 " in %.3f s: %.0f a second\n", asks ? "keys  " : "values",
                 result->values, report->seconds, values_per_second(report));
    (void)printf("server cpu   %.2f ns a value\n",
                 per_value(report->server_cpu_ns, result->values));
    (void)printf("client cpu   %.2f ns a value\n",
                 per_value(report->client_cpu_ns, result->values));
    (void)printf("latency, us ");
    for (size_t i = 0; i < PERCENTILES; i++)
        (void)printf(" %s %.1f ", percentiles[i].name,
                     (double)histogram_percentile(&result->latency, percentiles[i].percent) / 1e3);
    (void)printf(" max %.1f\n", (double)result->latency.max / 1e3);
    (void)printf("errors       %" PRIu64 "%s%s\n", result->errors, result->errors > 0 ? ": " : "",
                 result->first_error);
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
