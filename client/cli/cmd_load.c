/* load: the arguments, the input, the table and the summary. The work is loader.c's. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cli/arguments.h"
#include "client/cli/cli.h"
#include "client/cli/commands.h"
#include "client/cli/json_out.h"
#include "client/cli/lines.h"
#include "client/cli/load_plan.h"
#include "client/cli/loader.h"

enum {
    KEY_FIELDS = 0x100,
    KEY_KEY,
    KEY_COLUMNS,
    KEY_FORMAT,
    KEY_NULL,
    KEY_SKIP_BAD,
    KEY_MAX_LINE,
    KEY_CREATE,
};

static const struct argp_option options[] = {
    { "fields", KEY_FIELDS, "F1,F2,..", 0, "Names of the fields of a row, in order (needed)", 0 },
    { "key", KEY_KEY, "FIELD", 0, "The field that is the key (needed)", 0 },
    { "columns", KEY_COLUMNS, "COLUMN=FIELD[:TYPE],..", 0,
      "What is counted in which column: TYPE is string, int or double (default: every field, as "
      "strings, in the column of its name)",
      0 },
    { "format", KEY_FORMAT, "tsv|csv", 0,
      "Fields are the bytes between tabs, or as in RFC 4180 (default tsv)", 0 },
    { "null", KEY_NULL, "TEXT", 0, "A field of just this text is not counted (default \\N)", 0 },
    { "skip-bad", KEY_SKIP_BAD, "N", 0, "Pass over so many bad rows (default 0)", 0 },
    { "max-line", KEY_MAX_LINE, "BYTES", 0, "Longest line (default 1048576)", 0 },
    ACK_OPTION,
    { "create", KEY_CREATE, 0, 0, "Make the table if there is none", 0 },
    { 0 },
};

struct load {
    const char *fields;
    const char *key;
    const char *columns;
    const char *null_text;
    bool create;
    struct load_plan plan;
    struct load_job job;
};

static bool take_format(struct load *load, const char *arg)
{
    if (strcmp(arg, "tsv") == 0) {
        load->job.format = RECORD_TSV;
        return true;
    }
    if (strcmp(arg, "csv") == 0) {
        load->job.format = RECORD_CSV;
        return true;
    }
    complain("--format: '%s' is neither tsv nor csv", arg);
    return false;
}

static bool take_max_line(struct load *load, const char *arg)
{
    uint64_t bytes;
    if (!option_uint("--max-line", arg, 1, LINE_MAX_LIMIT, &bytes))
        return false;
    load->job.max_line = (size_t)bytes;
    return true;
}

static bool take(int key, char *arg, void *input)
{
    struct load *load = input;
    switch (key) {
    case KEY_FIELDS:
        load->fields = arg;
        return true;
    case KEY_KEY:
        load->key = arg;
        return true;
    case KEY_COLUMNS:
        load->columns = arg;
        return true;
    case KEY_FORMAT:
        return take_format(load, arg);
    case KEY_NULL:
        load->null_text = arg;
        return true;
    case KEY_SKIP_BAD:
        return option_uint("--skip-bad", arg, 0, UINT64_MAX, &load->job.skip_bad);
    case KEY_MAX_LINE:
        return take_max_line(load, arg);
    case ACK_KEY:
        return option_ack(arg, &load->job.ack);
    default:
        load->create = true;
        return true;
    }
}

static enum exit_status make_plan(struct load *load)
{
    if (load->fields == NULL || load->key == NULL) {
        complain("load: %s is needed", load->fields == NULL ? "--fields" : "--key");
        return EXIT_USAGE;
    }
    struct fault fault;
    switch (load_plan_init(&load->plan, load->fields, load->key, load->columns, load->null_text,
                           &fault)) {
    case LOAD_PLAN_OK:
        return EXIT_DONE;
    case LOAD_PLAN_INVALID:
        complain("load: %s", fault.text);
        return EXIT_USAGE;
    case LOAD_PLAN_NO_MEMORY:
        break;
    }
    return cli_no_memory();
}

static enum exit_status open_input(struct load_job *job, const char *path)
{
    bool is_stdin = strcmp(path, "-") == 0;
    job->input_name = is_stdin ? "stdin" : path;
    job->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (job->fd < 0 || fstat(job->fd, &status) != 0) {
        complain("cannot open '%s': %s", path, strerror(errno));
        return EXIT_INPUT;
    }
    job->size_bytes = S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
    return EXIT_DONE;
}

static enum exit_status create_table(struct cli *cli, const struct load *load)
{
    cardinal_table_spec spec = CARDINAL_TABLE_SPEC_INIT;
    spec.name = load->job.table;
    spec.columns = load->plan.column_names;
    spec.column_count = load->plan.column_count;
    spec.if_not_exists = true;
    cardinal_status status = cardinal_table_create(cli->client, &spec, NULL, NULL);
    return status == CARDINAL_OK ? EXIT_DONE : cli_failed(cli, status);
}

static enum exit_status print_summary(const struct cli *cli, const struct load *load,
                                      const struct load_totals *totals)
{
    if (!cli->json) {
        (void)printf("%" PRIu64 " rows, %" PRIu64 " values, %" PRIu64 " bad rows, %.3f seconds\n",
                     totals->rows, totals->values, totals->bad_rows, totals->seconds);
        return EXIT_DONE;
    }
    struct json json = json_begin();
    json_text(&json, "table", load->job.table);
    json_uint(&json, "rows", totals->rows);
    json_uint(&json, "values", totals->values);
    json_uint(&json, "changes", totals->changes);
    json_uint(&json, "bad_rows", totals->bad_rows);
    json_fixed(&json, "seconds", totals->seconds, 3);
    return json_end(&json, stdout) ? EXIT_DONE : cli_no_memory();
}

static enum exit_status run(struct cli *cli, struct load *load)
{
    enum exit_status result = cli_connect(cli);
    if (result == EXIT_DONE && load->create)
        result = create_table(cli, load);
    if (result != EXIT_DONE)
        return result;
    struct load_totals totals;
    load->job.plan = &load->plan;
    bool began;
    result = loader_run(cli, &load->job, &totals, &began);
    if (!began)
        return result;
    enum exit_status printed = print_summary(cli, load, &totals);
    return result == EXIT_DONE ? printed : result;
}

int load_main(struct cli *cli, const struct command *command, int argc, char **argv)
{
    struct load load = {
        .null_text = "\\N",
        .job = { .fd = -1, .format = RECORD_TSV, .max_line = LINE_MAX_DEFAULT },
    };
    const struct arguments_spec spec = { options, take, &load, 2, 2 };
    struct positional words;
    if (!arguments_parse(cli, command, &spec, argc, argv, &words))
        return EXIT_USAGE;
    load.job.table = words.at[0];
    enum exit_status result = make_plan(&load);
    if (result == EXIT_DONE)
        result = open_input(&load.job, words.at[1]);
    if (result == EXIT_DONE)
        result = run(cli, &load);
    if (load.job.fd > STDIN_FILENO)
        (void)close(load.job.fd);
    load_plan_release(&load.plan);
    return (int)result;
}
