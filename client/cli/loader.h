/* The work of `load`: records in, values out. */
#ifndef CARDINAL_CLI_LOADER_H
#define CARDINAL_CLI_LOADER_H

#include <stdint.h>

#include "client/cli/cli.h"
#include "client/cli/load_plan.h"
#include "client/cli/records.h"

struct load_job {
    const char *table;
    const char *input_name; /* as messages call it */
    int fd;
    uint64_t size_bytes; /* of the input; 0: not known */
    enum record_format format;
    size_t max_line;
    uint64_t skip_bad; /* bad rows passed over; one more stops the load */
    cardinal_ack ack;
    const struct load_plan *plan;
};

struct load_totals {
    uint64_t rows;    /* good ones */
    uint64_t values;  /* that the server counted */
    uint64_t changes; /* of them, those that changed a sketch */
    uint64_t bad_rows;
    double seconds;
};

/* Loads into the table, which is there. Whatever goes wrong is told on stderr; what
 * was sent by then stays, and *totals says how much that is. *began is false where it
 * did not come to reading. */
enum exit_status loader_run(struct cli *cli, const struct load_job *job, struct load_totals *totals,
                            bool *began);

#endif
