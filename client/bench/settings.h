/* What the load tester was told to do. */
#ifndef CARDINAL_BENCH_SETTINGS_H
#define CARDINAL_BENCH_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "client/bench/workload.h"

enum exit_status {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,      /* the server refused something, or an answer was wrong */
    EXIT_USAGE = 2,       /* wrong usage */
    EXIT_UNREACHABLE = 3, /* no connection */
    EXIT_TROUBLE = 5,     /* no memory, or no thread */
};

#define CONNECTIONS_MAX 1024u
#define THREADS_MAX 256u

struct settings {
    const char *server; /* NULL: as the library finds it */
    struct workload workload;
    double zipf_s;
    uint32_t batch; /* values; of those that ask: keys of a question */
    uint32_t connections;
    uint32_t threads;
    uint32_t in_flight; /* batches or questions of a connection that are not answered */
    uint64_t rate;      /* values a second in all; 0: as many as there can be */
    uint64_t reads;     /* of mixed: questions a second */
    uint32_t seconds;   /* bound of the whole run */
    bool raw;
    bool durable; /* batches are answered once they are on disk */
    bool whole;   /* of union: of the whole table */
    bool json;
    bool memory; /* measure the machine's memory, and no server */
};

/* Reads the program's arguments; ends the program for --help and --version. False:
 * they are wrong, which is told on stderr. */
bool settings_read(struct settings *settings, int argc, char **argv);

/* The settings of the connection that asks during mixed. */
struct settings settings_of_reader(const struct settings *settings);

/* Values, keys, unions or pages that one batch or question stands for. */
uint32_t settings_step(const struct settings *settings);

/* At a rate: nanoseconds from one batch of a connection to its next. */
uint64_t settings_interval_ns(const struct settings *settings);

/* Writes "cardinal-bench: .." to stderr. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says that there is no memory. */
enum exit_status no_memory(void);

#endif
