/* cardinal-bench: loads a server over the wire through the client library. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "client/bench/check.h"
#include "client/bench/clock.h"
#include "client/bench/link.h"
#include "client/bench/report.h"
#include "client/bench/settings.h"
#include "client/bench/worker.h"
#include "client/bench/zipf.h"

struct bench {
    struct settings settings;
    struct zipf *zipf;
    cardinal_client *client; /* for all that is not load */
    char table[64];          /* "": none was made */
    struct link *links;
    struct worker *workers;
    pthread_t *threads;
    struct check check;
    struct report report;
};

static enum exit_status failed(const struct bench *bench)
{
    complain("%s", cardinal_error(bench->client));
    return EXIT_FAILED;
}

static enum exit_status no_memory(void)
{
    complain("no memory");
    return EXIT_TROUBLE;
}

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

static enum exit_status connect_client(struct bench *bench)
{
    cardinal_options options = CARDINAL_OPTIONS_INIT;
    options.address = bench->settings.server;
    char *why = NULL;
    cardinal_status status = cardinal_connect(&options, &bench->client, &why);
    if (status != CARDINAL_OK)
        complain("%s", why != NULL ? why : cardinal_status_text(status));
    cardinal_free_text(why);
    return status == CARDINAL_OK ? EXIT_DONE : EXIT_UNREACHABLE;
}

/* A table of a name of its own, so that benches do not disturb one another. */
static enum exit_status make_table(struct bench *bench)
{
    char names[CARDINAL_COLUMNS_MAX][16];
    const char *columns[CARDINAL_COLUMNS_MAX];
    uint32_t count = bench->settings.workload.columns;
    for (uint32_t i = 0; i < count; i++) {
        (void)snprintf(names[i], sizeof names[i], "c%" PRIu32, i + 1);
        columns[i] = names[i];
    }
    char name[sizeof bench->table];
    (void)snprintf(name, sizeof name, "cardinal_bench.%ld.%" PRIu64, (long)getpid(), clock_ns());
    cardinal_table_spec spec = CARDINAL_TABLE_SPEC_INIT;
    spec.name = name;
    spec.columns = columns;
    spec.column_count = count;
    if (cardinal_table_create(bench->client, &spec, NULL, NULL) != CARDINAL_OK)
        return failed(bench);
    (void)snprintf(bench->table, sizeof bench->table, "%s", name);
    return EXIT_DONE;
}

/* Gives each key one value, for `point` to ask for. */
static enum exit_status fill_keys(struct bench *bench)
{
    cardinal_batch *batch;
    if (cardinal_batch_open(bench->client, bench->table, NULL, 0, NULL, &batch) != CARDINAL_OK)
        return failed(bench);
    cardinal_status status = CARDINAL_OK;
    for (uint32_t i = 0; status == CARDINAL_OK && i < bench->settings.workload.keys; i++) {
        char key[WORKLOAD_KEY_BYTES];
        workload_key(key, i);
        status = cardinal_batch_string(batch, key, sizeof key, 0, key, sizeof key);
    }
    if (status == CARDINAL_OK)
        status = cardinal_batch_flush(batch);
    enum exit_status result = status == CARDINAL_OK ? EXIT_DONE : failed(bench);
    cardinal_batch_close(batch);
    return result;
}

static enum exit_status open_links(struct bench *bench)
{
    for (uint32_t i = 0; i < bench->settings.connections; i++) {
        cardinal_status status = link_open(&bench->links[i], &bench->settings, bench->table, i);
        if (status != CARDINAL_OK)
            return cardinal_status_is_server(status) ? EXIT_FAILED : EXIT_UNREACHABLE;
    }
    return EXIT_DONE;
}

static uint64_t client_cpu_ns(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    uint64_t seconds = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec);
    uint64_t micros = (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    return seconds * NS_PER_SECOND + micros * 1000;
}

static enum exit_status server_cpu_ns(struct bench *bench, uint64_t *ns)
{
    cardinal_stats *stats;
    if (cardinal_stats_get(bench->client, &stats) != CARDINAL_OK)
        return failed(bench);
    *ns = cardinal_stats_value(stats, "cpu_user_ns") + cardinal_stats_value(stats, "cpu_system_ns");
    cardinal_stats_free(stats);
    return EXIT_DONE;
}

/* Parts the connections among the threads and lets them run. */
static enum exit_status run_workers(struct bench *bench)
{
    const struct settings *settings = &bench->settings;
    uint64_t begin = clock_ns();
    uint32_t next = 0;
    uint32_t running = 0;
    for (uint32_t i = 0; i < settings->threads; i++) {
        uint32_t left = settings->threads - i;
        uint32_t count = (settings->connections - next + left - 1) / left;
        bench->workers[i] = (struct worker){
            .settings = settings, .links = &bench->links[next], .link_count = count, .begin = begin
        };
        if (pthread_create(&bench->threads[i], NULL, worker_run, &bench->workers[i]) != 0)
            break;
        next += count;
        running++;
    }
    for (uint32_t i = 0; i < running; i++)
        (void)pthread_join(bench->threads[i], NULL);
    bench->report.seconds = (double)(clock_ns() - begin) / (double)NS_PER_SECOND;
    for (uint32_t i = 1; i < running; i++)
        result_merge(&bench->workers[0].result, &bench->workers[i].result);
    if (running == settings->threads)
        return EXIT_DONE;
    complain("cannot start a thread");
    return EXIT_TROUBLE;
}

static enum exit_status measure(struct bench *bench)
{
    uint64_t server_before;
    uint64_t server_after;
    enum exit_status result = server_cpu_ns(bench, &server_before);
    if (result != EXIT_DONE)
        return result;
    uint64_t client_before = client_cpu_ns();
    result = run_workers(bench);
    bench->report.client_cpu_ns = client_cpu_ns() - client_before;
    if (result == EXIT_DONE)
        result = server_cpu_ns(bench, &server_after);
    if (result == EXIT_DONE)
        bench->report.server_cpu_ns = server_after - server_before;
    return result;
}

static enum exit_status finish(struct bench *bench)
{
    if (check_run(&bench->check, bench->client, bench->table, &bench->settings, bench->links) !=
        CARDINAL_OK)
        return EXIT_FAILED;
    bench->report.settings = &bench->settings;
    bench->report.result = &bench->workers[0].result;
    bench->report.check = &bench->check;
    report_print(&bench->report);
    return bench->workers[0].result.errors == 0 && bench->check.right ? EXIT_DONE : EXIT_FAILED;
}

static enum exit_status run(struct bench *bench)
{
    enum exit_status result = allocate(bench);
    if (result == EXIT_DONE)
        result = connect_client(bench);
    if (result == EXIT_DONE)
        result = make_table(bench);
    if (result == EXIT_DONE && bench->settings.workload.kind == WORKLOAD_POINT)
        result = fill_keys(bench);
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
    if (bench->table[0] != '\0' &&
        cardinal_table_drop(bench->client, bench->table, true, NULL) != CARDINAL_OK)
        (void)failed(bench);
    cardinal_close(bench->client);
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
    enum exit_status result = run(&bench);
    release(&bench);
    return (int)result;
}
