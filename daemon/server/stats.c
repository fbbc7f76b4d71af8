#include "daemon/server/stats.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static const char *const counter_names[] = {
#define COUNTER_NAME(upper, name) [COUNTER_##upper] = (name),
    COUNTER_MAP(COUNTER_NAME)
#undef COUNTER_NAME
};

void stats_counter_name(unsigned counter, char out[STATS_NAME_MAX])
{
    if (counter < COUNTER_REQUESTS)
        snprintf(out, STATS_NAME_MAX, "%s", counter_names[counter]);
    else if (counter < COUNTER_REQUESTS + REQUEST_KIND_COUNT)
        snprintf(out, STATS_NAME_MAX, "requests.%s",
                 request_kind_info((enum request_kind)(counter - COUNTER_REQUESTS))->name);
    else if (counter < COUNTER_ERRORS)
        snprintf(out, STATS_NAME_MAX, "requests.unknown");
    else
        snprintf(out, STATS_NAME_MAX, "errors.%s", status_name((int)(counter - COUNTER_ERRORS)));
}

static uint64_t timeval_ns(const struct timeval *time)
{
    return (uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_usec * 1000u;
}

static uint64_t resident_bytes(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");

    if (file == NULL)
        return 0;
    if (fscanf(file, "%*u %lu", &pages) != 1)
        pages = 0;
    fclose(file);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

void stats_process_usage(struct process_usage *out)
{
    struct rusage usage;

    out->resident_bytes = resident_bytes();
    getrusage(RUSAGE_SELF, &usage);
    out->cpu_user_ns = timeval_ns(&usage.ru_utime);
    out->cpu_system_ns = timeval_ns(&usage.ru_stime);
}
