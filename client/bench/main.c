/* cardinal-bench: loads a server over the wire and says how it did. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "client/bench/check.h"
#include "client/bench/clock.h"
#include "client/bench/link.h"
#include "client/bench/memory.h"
#include "client/bench/progress.h"
#include "client/bench/report.h"
#include "client/bench/settings.h"
#include "client/bench/target.h"
#include "client/bench/worker.h"
#include "client/bench/zipf.h"

struct bench {
    struct settings settings;
    struct zipf *zipf;
    struct target target;
    struct link *links;
    struct worker *workers;
    pthread_t *threads;
    /* Of mixed: the connection that asks, on a thread of its own. */
    struct settings reader_settings;
    struct link reader_link;
    struct worker reader;
    atomic_bool stop_reader;
    struct progress progress;
    struct check check;
    struct report report;
};

static enum exit_status allocate(struct bench *bench)
{
    struct settings *settings = &bench->settings;
    bench->links = calloc(settings->connections, sizeof *bench->links);
    bench->workers = calloc(settings->threads, sizeof *bench->workers);
    bench->threads = calloc(settings->threads, sizeof *bench->threads);
    bench->zipf = zipf_new(settings->workload.keys, settings->zipf_s);
    settings->workload.zipf = bench->zipf;
    if (bench->links == NULL || bench->workers == NULL || bench->threads == NULL ||
        bench->zipf == NULL)
        return no_memory();
    return EXIT_DONE;
}

static enum exit_status open_links(struct bench *bench)
{
    const struct settings *settings = &bench->settings;
    enum exit_status result = EXIT_DONE;
    for (uint32_t i = 0; result == EXIT_DONE && i < settings->connections; i++)
        result = link_open(&bench->links[i], &bench->target, settings, i);
    if (result != EXIT_DONE || settings->workload.kind != WORKLOAD_MIXED)
        return result;
    bench->reader_settings = settings_of_reader(settings);
    return link_open(&bench->reader_link, &bench->target, &bench->reader_settings,
                     settings->connections);
}

static uint64_t client_cpu_ns(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    uint64_t seconds = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec);
    uint64_t micros = (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    return seconds * NS_PER_SECOND + micros * 1000;
}

/* Waits for a thread, and keeps the terminal's line alive meanwhile. */
static void join(struct bench *bench, pthread_t thread)
{
    if (!progress_is_wanted()) {
        (void)pthread_join(thread, NULL);
        return;
    }
    for (;;) {
        struct timespec until;
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += PROGRESS_PERIOD_NS;
        until.tv_sec += until.tv_nsec / (long)NS_PER_SECOND;
        until.tv_nsec %= (long)NS_PER_SECOND;
        if (pthread_timedjoin_np(thread, NULL, &until) == 0)
            return;
        progress_write(&bench->progress);
    }
}

/* Parts the connections among the threads; how many threads could be started. */
static uint32_t start_workers(struct bench *bench, uint64_t begin)
{
    const struct settings *settings = &bench->settings;
    uint32_t next = 0;
    for (uint32_t i = 0; i < settings->threads; i++) {
        uint32_t left = settings->threads - i;
        uint32_t count = (settings->connections - next + left - 1) / left;
        bench->workers[i] = (struct worker){
            .settings = settings, .links = &bench->links[next], .link_count = count, .begin = begin
        };
        if (pthread_create(&bench->threads[i], NULL, worker_run, &bench->workers[i]) != 0)
            return i;
        next += count;
    }
    return settings->threads;
}

static bool start_reader(struct bench *bench, uint64_t begin, pthread_t *thread)
{
    bench->reader = (struct worker){
        .settings = &bench->reader_settings,
        .links = &bench->reader_link,
        .link_count = 1,
        .begin = begin,
        .stop = &bench->stop_reader,
    };
    return pthread_create(thread, NULL, worker_run, &bench->reader) == 0;
}

static enum exit_status run_workers(struct bench *bench)
{
    const struct settings *settings = &bench->settings;
    bool is_mixed = settings->workload.kind == WORKLOAD_MIXED;
    pthread_t reader;
    uint64_t begin = clock_ns();
    bool reads = is_mixed && start_reader(bench, begin, &reader);
    uint32_t running = start_workers(bench, begin);
    bench->progress = (struct progress){ .target = &bench->target,
                                         .workers = bench->workers,
                                         .worker_count = running,
                                         .begin = begin,
                                         .last = begin,
                                         .usage = bench->report.before };
    for (uint32_t i = 0; i < running; i++)
        join(bench, bench->threads[i]);
    bench->report.seconds = (double)(clock_ns() - begin) / (double)NS_PER_SECOND;
    atomic_store(&bench->stop_reader, true);
    if (reads)
        (void)pthread_join(reader, NULL);
    if (progress_is_wanted())
        progress_end();
    for (uint32_t i = 1; i < running; i++)
        result_merge(&bench->workers[0].result, &bench->workers[i].result);
    if (running == settings->threads && reads == is_mixed)
        return EXIT_DONE;
    complain("cannot start a thread");
    return EXIT_TROUBLE;
}

static enum exit_status measure(struct bench *bench)
{
    struct target *target = &bench->target;
    enum exit_status result = target->kind->usage(target, &bench->report.before);
    if (result != EXIT_DONE)
        return result;
    uint64_t client_before = client_cpu_ns();
    result = run_workers(bench);
    bench->report.client_cpu_ns = client_cpu_ns() - client_before;
    if (result == EXIT_DONE)
        result = target->kind->usage(target, &bench->report.after);
    return result;
}

static enum exit_status finish(struct bench *bench)
{
    enum exit_status result = check_run(&bench->check, &bench->target, bench->links);
    if (result != EXIT_DONE)
        return result;
    bench->report.settings = &bench->settings;
    bench->report.result = &bench->workers[0].result;
    bench->report.reads =
        bench->settings.workload.kind == WORKLOAD_MIXED ? &bench->reader.result : NULL;
    bench->report.check = &bench->check;
    report_print(&bench->report);
    bool clean = bench->workers[0].result.errors == 0 && bench->reader.result.errors == 0;
    return clean && bench->check.right ? EXIT_DONE : EXIT_FAILED;
}

static enum exit_status run(struct bench *bench)
{
    enum exit_status result = allocate(bench);
    if (result == EXIT_DONE)
        result = target_open(&bench->target, &bench->settings);
    if (result == EXIT_DONE && workload_asks(bench->settings.workload.kind))
        result = bench->target.kind->fill(&bench->target);
    if (result == EXIT_DONE)
        result = open_links(bench);
    if (result == EXIT_DONE)
        result = measure(bench);
    return result == EXIT_DONE ? finish(bench) : result;
}

static void release(struct bench *bench)
{
    for (uint32_t i = 0; bench->links != NULL && i < bench->settings.connections; i++)
        link_close(&bench->links[i]);
    link_close(&bench->reader_link);
    target_close(&bench->target);
    zipf_free(bench->zipf);
    free(bench->links);
    free(bench->workers);
    free(bench->threads);
}

int main(int argc, char **argv)
{
    static char name[] = "cardinal-bench";
    static struct bench bench;
    if (argc > 0)
        argv[0] = name;
    if (!settings_read(&bench.settings, argc, argv))
        return EXIT_USAGE;
    if (bench.settings.memory)
        return memory_print(bench.settings.json) ? EXIT_DONE : (int)no_memory();
    enum exit_status result = run(&bench);
    release(&bench);
    return (int)result;
}
