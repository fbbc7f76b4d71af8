#include "client/cli/arguments.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/escape.h"
#include "client/cli/numbers.h"
#include "client/cli/words.h"

#define TIMEOUT_MAX_SECONDS 86400.0

enum common_key {
    KEY_SERVER = 0x1000,
    KEY_JSON,
    KEY_TIMEOUT,
};

static const struct argp_option common_options[] = {
    { 0, 0, 0, 0, "For every command:", 10 },
    { "server", KEY_SERVER, "ADDRESS", 0,
      "tcp://HOST:PORT or unix://PATH (default $CARDINAL_SERVER, or else tcp://127.0.0.1:7410)",
      0 },
    { "json", KEY_JSON, 0, 0, "Print one JSON object a line", 0 },
    { "timeout", KEY_TIMEOUT, "SECONDS", 0,
      "How long to wait for the connection (default 5) and for each answer (default 30)", 0 },
    { 0 },
};

static bool is_address(const char *text)
{
    return strncmp(text, "tcp://", 6) == 0 || strncmp(text, "unix://", 7) == 0;
}

static bool take_server(struct cli *cli, const char *arg)
{
    if (!is_address(arg)) {
        complain("--server: '%s' is neither tcp://HOST:PORT nor unix://PATH", arg);
        return false;
    }
    cli->server = arg;
    return true;
}

static bool take_timeout(struct cli *cli, const char *arg)
{
    double seconds;
    if (number_parse_double(arg, strlen(arg), &seconds) != NUMBER_OK ||
        !(seconds >= 0.001 && seconds <= TIMEOUT_MAX_SECONDS)) {
        complain("--timeout: '%s' is not a number of seconds from 0.001 to %.0f", arg,
                 TIMEOUT_MAX_SECONDS);
        return false;
    }
    cli->timeout_ms = (int)(seconds * 1000);
    return true;
}

/* Without err_stream argp does not add a line of its own to what getopt or we say
 * about a mistake, and does not exit. */
static void be_brief(struct argp_state *state)
{
    state->err_stream = NULL;
}

static error_t parse_common(int key, char *arg, struct argp_state *state)
{
    struct cli *cli = state->input;
    switch (key) {
    case KEY_SERVER:
        return take_server(cli, arg) ? 0 : EINVAL;
    case KEY_JSON:
        cli->json = true;
        return 0;
    case KEY_TIMEOUT:
        return take_timeout(cli, arg) ? 0 : EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp common_argp = { .options = common_options, .parser = parse_common };

struct parse {
    struct cli *cli;
    const struct arguments_spec *spec;
    struct positional *positional;
};

static error_t parse_command(int key, char *arg, struct argp_state *state)
{
    struct parse *parse = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        be_brief(state);
        state->child_inputs[0] = parse->cli;
        return 0;
    case ARGP_KEY_ARG: /* the first: by now all that are left are arguments */
        parse->positional->at = &state->argv[state->next - 1];
        parse->positional->count = (size_t)state->argc - (size_t)state->next + 1;
        state->next = state->argc;
        return 0;
    case ARGP_KEY_END:
    case ARGP_KEY_NO_ARGS:
    case ARGP_KEY_SUCCESS:
    case ARGP_KEY_ERROR:
    case ARGP_KEY_FINI:
        return 0;
    default:
        if (parse->spec->take == NULL || key == ARGP_KEY_ARGS)
            return ARGP_ERR_UNKNOWN;
        return parse->spec->take(key, arg, parse->spec->input) ? 0 : EINVAL;
    }
}

bool arguments_parse(struct cli *cli, const struct command *command,
                     const struct arguments_spec *spec, int argc, char **argv,
                     struct positional *out)
{
    const struct argp_child children[] = { { &common_argp, 0, NULL, 10 }, { 0 } };
    const struct argp argp = {
        .options = spec->options,
        .parser = parse_command,
        .args_doc = command->usage,
        .doc = command->summary,
        .children = children,
    };
    struct positional found = { 0 };
    struct parse parse = { cli, spec, &found };
    if (argp_parse(&argp, argc, argv, 0, NULL, &parse) != 0)
        return false;
    if (found.count < spec->least || found.count > spec->most) {
        complain("%s: too %s arguments: usage: cardinal %s%s%s", command->name,
                 found.count < spec->least ? "few" : "many", command->name,
                 command->usage[0] == '\0' ? "" : " ", command->usage);
        return false;
    }
    *out = found;
    return true;
}

enum exit_status command_begin(struct cli *cli, const struct command *command,
                               const struct arguments_spec *spec, int argc, char **argv,
                               struct positional *out)
{
    return arguments_parse(cli, command, spec, argc, argv, out) ? cli_connect(cli) : EXIT_USAGE;
}

struct global_parse {
    struct cli *cli;
    const struct command *commands;
    int command_at;
};

static error_t parse_global(int key, char *arg, struct argp_state *state)
{
    struct global_parse *parse = state->input;
    (void)arg;
    switch (key) {
    case ARGP_KEY_INIT:
        be_brief(state);
        state->child_inputs[0] = parse->cli;
        return 0;
    case ARGP_KEY_ARG:
        parse->command_at = state->next - 1;
        state->next = state->argc;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Puts the list of commands, for which argp has no notion, below the options. */
static char *list_commands(int key, const char *text, void *input)
{
    const struct global_parse *parse = input;
    if (key != ARGP_KEY_HELP_POST_DOC || parse == NULL)
        return (char *)(uintptr_t)text;
    char *list = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&list, &size);
    if (out == NULL)
        return NULL;
    (void)fputs("Commands:\n", out);
    for (const struct command *c = parse->commands; c->name != NULL; c++)
        (void)fprintf(out, "  %-13s %s\n", c->name, c->summary);
    (void)fputs("\n`cardinal COMMAND --help' tells more.\n\n"
                "Exit status:\n"
                "  0  done\n"
                "  1  the server refused\n"
                "  2  wrong usage\n"
                "  3  the server could not be reached\n"
                "  4  bad input data\n"
                "  5  no memory, or the output could not be written",
                out);
    (void)fclose(out);
    return list;
}

bool arguments_parse_global(struct cli *cli, const struct command *commands, int argc, char **argv,
                            int *command_at)
{
    const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
    const struct argp argp = {
        .parser = parse_global,
        .args_doc = "COMMAND [ARGUMENT...]",
        .doc = "Counts distinct values with a cardinald server.",
        .children = children,
        .help_filter = list_commands,
    };
    struct global_parse parse = { cli, commands, 0 };
    if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &parse) != 0)
        return false;
    if (parse.command_at == 0) {
        complain("no command: `cardinal --help' lists them");
        return false;
    }
    *command_at = parse.command_at;
    return true;
}

bool option_uint(const char *option, const char *arg, uint64_t least, uint64_t most, uint64_t *out)
{
    uint64_t value;
    if (number_parse_uint(arg, strlen(arg), &value) != NUMBER_OK || value < least || value > most) {
        complain("%s: '%s' is not a whole number from %" PRIu64 " to %" PRIu64, option, arg, least,
                 most);
        return false;
    }
    *out = value;
    return true;
}

bool option_ack(const char *arg, cardinal_ack *out)
{
    if (strcmp(arg, "memory") != 0 && strcmp(arg, "durable") != 0) {
        complain("--ack: '%s' is neither memory nor durable", arg);
        return false;
    }
    *out = strcmp(arg, "durable") == 0 ? CARDINAL_ACK_DURABLE : CARDINAL_ACK_MEMORY;
    return true;
}

enum exit_status option_words(const char *option, const char *arg, struct words *out)
{
    switch (words_split(out, arg)) {
    case WORDS_OK:
        return EXIT_DONE;
    case WORDS_EMPTY:
        complain("%s: an empty name in '%s'", option, arg);
        return EXIT_USAGE;
    case WORDS_NO_MEMORY:
        break;
    }
    return cli_no_memory();
}

bool argument_bytes(char *text, size_t *len)
{
    if (unescape(text, len))
        return true;
    complain("'%s': a backslash begins none of \\t, \\n, \\\\ and \\xNN", text);
    return false;
}
