/* merge, export and import: whole sketches. */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/arguments.h"
#include "client/cli/cli.h"
#include "client/cli/commands.h"
#include "client/cli/json_out.h"
#include "client/cli/key_choice.h"

#define SKETCH_BYTES_MAX ((size_t)1 << 20) /* no format needs more than 300 KiB */

/* ---- merge ------------------------------------------------------------- */

struct merging {
    struct key_choice choice;
    cardinal_ack ack;
};

static bool take_merging(int key, char *arg, void *input)
{
    struct merging *merging = input;
    if (key == ACK_KEY)
        return option_ack(arg, &merging->ack);
    return key_choice_take(&merging->choice, key, arg);
}

static enum exit_status merge(struct cli *cli, const char *table, cardinal_key into,
                              const struct key_choice *choice)
{
    cardinal_selector from = key_choice_selector(choice);
    uint64_t keys;
    enum exit_status result = cli_connect(cli);
    if (result != EXIT_DONE)
        return result;
    cardinal_status status = cardinal_merge(cli->client, table, into, &from, &keys);
    if (status != CARDINAL_OK)
        return cli_failed(cli, status);
    if (!cli->json) {
        (void)printf("keys merged: %" PRIu64 "\n", keys);
        return EXIT_DONE;
    }
    struct json json = json_begin();
    json_uint(&json, "keys", keys);
    return json_end(&json, stdout) ? EXIT_DONE : cli_no_memory();
}

int merge_main(struct cli *cli, const struct command *command, int argc, char **argv)
{
    static const struct argp_option options[] = {
        KEY_CHOICE_RANGE_OPTIONS, KEY_CHOICE_ALL_OPTION, ACK_OPTION, { 0 }
    };
    struct merging merging = { .ack = CARDINAL_ACK_DEFAULT };
    struct key_choice *choice = &merging.choice;
    const struct arguments_spec spec = { options, take_merging, &merging, 2, SIZE_MAX };
    struct positional words;
    if (!arguments_parse(cli, command, &spec, argc, argv, &words))
        return EXIT_USAGE;
    cardinal_key into = { words.at[1], 0 };
    if (!argument_bytes(words.at[1], &into.len))
        return EXIT_USAGE;
    cli->ack = merging.ack;
    enum exit_status result = key_choice_words(choice, &words, 2);
    if (result == EXIT_DONE && key_choice_ways(choice) != 1) {
        complain("merge: one of KEY..., --prefix, --from and --to, or --all is needed");
        result = EXIT_USAGE;
    }
    if (result == EXIT_DONE)
        result = merge(cli, words.at[0], into, choice);
    key_choice_release(choice);
    return (int)result;
}

/* ---- export and import ------------------------------------------------- */

enum transfer_key {
    KEY_FORMAT = 0x5000,
    KEY_OUT,
    KEY_ANY_HASH,
};

#define FORMAT_OPTION                                                                              \
    {                                                                                              \
        "format", KEY_FORMAT, "F", 0,                                                              \
            "native, redis, redis-dense, doris or postgres (default native)", 0                    \
    }

struct transfer {
    cardinal_format format;
    const char *out; /* NULL: standard output */
    bool any_hash;
    cardinal_ack ack;
    cardinal_key key;
};

static bool take_format(struct transfer *transfer, const char *arg)
{
    static const char *const names[] = {
        [CARDINAL_FORMAT_NATIVE] = "native",           [CARDINAL_FORMAT_REDIS] = "redis",
        [CARDINAL_FORMAT_REDIS_DENSE] = "redis-dense", [CARDINAL_FORMAT_DORIS] = "doris",
        [CARDINAL_FORMAT_POSTGRES] = "postgres",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(arg, names[i]) == 0) {
            transfer->format = (cardinal_format)i;
            return true;
        }
    }
    complain("--format: '%s' is none of native, redis, redis-dense, doris and postgres", arg);
    return false;
}

static bool take_transfer(int key, char *arg, void *input)
{
    struct transfer *transfer = input;
    switch (key) {
    case KEY_FORMAT:
        return take_format(transfer, arg);
    case KEY_OUT:
        transfer->out = arg;
        return true;
    case ACK_KEY:
        return option_ack(arg, &transfer->ack);
    default:
        transfer->any_hash = true;
        return true;
    }
}

struct written {
    FILE *file;
    size_t sketches;
    bool failed;
};

static bool write_sketch(cardinal_key key, const void *sketch, size_t len, void *arg)
{
    struct written *written = arg;
    (void)key;
    written->failed = fwrite(sketch, 1, len, written->file) != len;
    written->sketches++;
    return !written->failed;
}

static enum exit_status export_to(struct cli *cli, const struct positional *words,
                                  const struct transfer *transfer, FILE *file)
{
    cardinal_selector selector = cardinal_select_keys(&transfer->key, 1);
    struct written written = { .file = file };
    cardinal_status status = cardinal_export(cli->client, words->at[0], words->at[2], &selector,
                                             transfer->format, write_sketch, &written);
    if (status != CARDINAL_OK)
        return cli_failed(cli, status);
    if (written.failed || fflush(file) != 0) {
        complain("cannot write '%s': %s", transfer->out != NULL ? transfer->out : "-",
                 strerror(errno));
        return EXIT_TROUBLE;
    }
    if (written.sketches == 0) {
        complain("no such key in table '%s'", words->at[0]);
        return EXIT_REFUSED;
    }
    return EXIT_DONE;
}

/* Writes into a file of its own first, so that a failure leaves no half of one. */
static enum exit_status export_file(struct cli *cli, const struct positional *words,
                                    const struct transfer *transfer)
{
    char *bytes = NULL;
    size_t len = 0;
    if (transfer->out == NULL)
        return export_to(cli, words, transfer, stdout);
    FILE *memory = open_memstream(&bytes, &len);
    if (memory == NULL)
        return cli_no_memory();
    enum exit_status result = export_to(cli, words, transfer, memory);
    (void)fclose(memory);
    if (result == EXIT_DONE) {
        FILE *file = fopen(transfer->out, "wb");
        bool whole = file != NULL && fwrite(bytes, 1, len, file) == len;
        if (file == NULL || fclose(file) != 0 || !whole) {
            complain("cannot write '%s': %s", transfer->out, strerror(errno));
            result = EXIT_TROUBLE;
        }
    }
    free(bytes);
    return result;
}

int export_main(struct cli *cli, const struct command *command, int argc, char **argv)
{
    static const struct argp_option options[] = {
        FORMAT_OPTION,
        { "out", KEY_OUT, "F", 0, "Write to this file (default standard output)", 0 },
        { 0 },
    };
    struct transfer transfer = { 0 };
    const struct arguments_spec spec = { options, take_transfer, &transfer, 3, 3 };
    struct positional words;
    if (!arguments_parse(cli, command, &spec, argc, argv, &words))
        return EXIT_USAGE;
    transfer.key.data = words.at[1];
    if (!argument_bytes(words.at[1], &transfer.key.len))
        return EXIT_USAGE;
    if (transfer.out == NULL && isatty(STDOUT_FILENO)) {
        complain("export: a sketch is no text for a terminal: use --out, or a pipe");
        return EXIT_USAGE;
    }
    enum exit_status result = cli_connect(cli);
    return (int)(result == EXIT_DONE ? export_file(cli, &words, &transfer) : result);
}

/* Reads a whole file, `-` being standard input, into memory to be freed. */
static enum exit_status read_file(const char *path, char **out, size_t *len)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "rb");
    if (file == NULL) {
        complain("cannot open '%s': %s", path, strerror(errno));
        return EXIT_INPUT;
    }
    enum exit_status result = EXIT_DONE;
    char *bytes = malloc(SKETCH_BYTES_MAX + 1);
    size_t n = bytes == NULL ? 0 : fread(bytes, 1, SKETCH_BYTES_MAX + 1, file);
    if (bytes == NULL) {
        result = cli_no_memory();
    } else if (ferror(file)) {
        complain("cannot read '%s': %s", path, strerror(errno));
        result = EXIT_INPUT;
    } else if (n > SKETCH_BYTES_MAX) {
        complain("'%s' is no sketch: it has over %zu bytes", path, SKETCH_BYTES_MAX);
        result = EXIT_INPUT;
    }
    if (!is_stdin)
        (void)fclose(file);
    if (result != EXIT_DONE) {
        free(bytes);
        return result;
    }
    *out = bytes;
    *len = n;
    return EXIT_DONE;
}

static enum exit_status import(struct cli *cli, const struct positional *words,
                               const struct transfer *transfer, const char *bytes, size_t len)
{
    bool changed;
    cli->ack = transfer->ack;
    enum exit_status result = cli_connect(cli);
    if (result != EXIT_DONE)
        return result;
    cardinal_status status =
        cardinal_import(cli->client, words->at[0], words->at[2], transfer->key, transfer->format,
                        bytes, len, transfer->any_hash, &changed);
    if (status != CARDINAL_OK)
        return cli_failed(cli, status);
    if (!cli->json) {
        (void)puts(changed ? "merged" : "merged: it changed nothing");
        return EXIT_DONE;
    }
    struct json json = json_begin();
    json_bool(&json, "changed", changed);
    return json_end(&json, stdout) ? EXIT_DONE : cli_no_memory();
}

int import_main(struct cli *cli, const struct command *command, int argc, char **argv)
{
    static const struct argp_option options[] = {
        FORMAT_OPTION,
        { "any-hash", KEY_ANY_HASH, 0, 0,
          "Take a sketch whose format does not say its hash for one of the table's", 0 },
        ACK_OPTION,
        { 0 },
    };
    struct transfer transfer = { 0 };
    const struct arguments_spec spec = { options, take_transfer, &transfer, 4, 4 };
    struct positional words;
    if (!arguments_parse(cli, command, &spec, argc, argv, &words))
        return EXIT_USAGE;
    transfer.key.data = words.at[1];
    if (!argument_bytes(words.at[1], &transfer.key.len))
        return EXIT_USAGE;
    char *bytes;
    size_t len;
    enum exit_status result = read_file(words.at[3], &bytes, &len);
    if (result != EXIT_DONE)
        return (int)result;
    result = import(cli, &words, &transfer, bytes, len);
    free(bytes);
    return (int)result;
}
