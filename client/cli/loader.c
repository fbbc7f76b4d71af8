#include "client/cli/loader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/progress.h"

#define ROWS_PER_LOOK 1024u /* how often the progress is looked at */

struct loader {
    struct cli *cli;
    const struct load_job *job;
    struct load_totals *totals;
    struct records *records;
    cardinal_batch *batch;
    struct load_row row;
    struct progress progress;
};

static cardinal_status send_value(cardinal_batch *batch, const struct load_row *row,
                                  uint32_t column, const struct load_value *value)
{
    switch (value->type) {
    case VALUE_INT:
        return cardinal_batch_int(batch, row->key, row->key_len, column, value->as.integer);
    case VALUE_DOUBLE:
        return cardinal_batch_double(batch, row->key, row->key_len, column, value->as.real);
    case VALUE_STRING:
        break;
    }
    return cardinal_batch_string(batch, row->key, row->key_len, column, value->as.string.bytes,
                                 value->as.string.len);
}

static enum exit_status send_row(struct loader *loader)
{
    const struct load_row *row = &loader->row;
    for (size_t i = 0; i < loader->job->plan->column_count; i++) {
        if (!row->values[i].present)
            continue;
        cardinal_status status = send_value(loader->batch, row, (uint32_t)i, &row->values[i]);
        if (status != CARDINAL_OK) {
            progress_wipe(&loader->progress);
            return cli_failed(loader->cli, status);
        }
    }
    loader->totals->rows++;
    if (loader->totals->rows % ROWS_PER_LOOK == 0)
        progress_update(&loader->progress, records_bytes(loader->records), loader->totals->rows);
    return EXIT_DONE;
}

static enum exit_status pass_over(struct loader *loader, const struct fault *fault)
{
    progress_wipe(&loader->progress);
    complain("%s:%" PRIu64 ": %s", loader->job->input_name, fault->line, fault->text);
    loader->totals->bad_rows++;
    return loader->totals->bad_rows > loader->job->skip_bad ? EXIT_INPUT : EXIT_DONE;
}

static enum exit_status cannot_read(struct loader *loader)
{
    int error = errno;
    progress_wipe(&loader->progress);
    if (error == ENOMEM)
        return cli_no_memory();
    complain("cannot read '%s': %s", loader->job->input_name, strerror(error));
    return EXIT_INPUT;
}

static enum exit_status take_records(struct loader *loader)
{
    enum exit_status result = EXIT_DONE;
    while (result == EXIT_DONE) {
        struct record record;
        struct fault fault;
        switch (records_next(loader->records, &record, &fault)) {
        case RECORDS_ROW:
            if (load_plan_read(loader->job->plan, &record, &loader->row, &fault))
                result = send_row(loader);
            else
                result = pass_over(loader, &fault);
            break;
        case RECORDS_BAD:
            result = pass_over(loader, &fault);
            break;
        case RECORDS_END:
            return EXIT_DONE;
        case RECORDS_FAILED:
            return cannot_read(loader);
        }
    }
    return result;
}

/* What was read before a fault of the input still goes to the server. */
static enum exit_status finish(struct loader *loader, enum exit_status result)
{
    if (result == EXIT_DONE || result == EXIT_INPUT) {
        cardinal_status status = cardinal_batch_flush(loader->batch);
        progress_wipe(&loader->progress);
        if (status != CARDINAL_OK)
            result = cli_failed(loader->cli, status);
    }
    cardinal_batch_totals totals;
    cardinal_batch_get_totals(loader->batch, &totals);
    loader->totals->values = totals.values;
    loader->totals->changes = totals.changes;
    loader->totals->seconds = progress_seconds(&loader->progress);
    return result;
}

/* Values do not wait for the next ones longer than a batch waits to be full. What
 * goes wrong here, the next value or the end is told. */
static void send_what_is_due(void *arg)
{
    struct loader *loader = arg;
    (void)cardinal_poll(loader->cli->client);
}

static bool prepare(struct loader *loader)
{
    const struct load_job *job = loader->job;
    loader->records = records_new(job->fd, job->format, job->plan->fields.count, job->max_line);
    loader->row.values = calloc(job->plan->column_count, sizeof *loader->row.values);
    if (loader->records == NULL || loader->row.values == NULL)
        return false;
    records_on_idle(loader->records, send_what_is_due, loader);
    return true;
}

enum exit_status loader_run(struct cli *cli, const struct load_job *job, struct load_totals *totals,
                            bool *began)
{
    struct loader loader = { .cli = cli, .job = job, .totals = totals };
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    *totals = (struct load_totals){ 0 };
    *began = false;
    enum exit_status result;
    progress_begin(&loader.progress, job->size_bytes);
    options.ack = job->ack;
    cardinal_status status = cardinal_batch_open(cli->client, job->table, job->plan->column_names,
                                                 job->plan->column_count, &options, &loader.batch);
    if (status != CARDINAL_OK) {
        result = cli_failed(cli, status);
    } else if (!prepare(&loader)) {
        result = cli_no_memory();
    } else {
        *began = true;
        result = finish(&loader, take_records(&loader));
    }
    cardinal_batch_close(loader.batch);
    free(loader.row.values);
    records_free(loader.records);
    return result;
}
