/* cardinald: reads the settings, says when it is ready, serves until it is told
 * to stop. Exit status: 0 done, 1 it could not start or run, 2 wrong usage. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"
#include "daemon/log.h"
#include "daemon/options.h"
#include "daemon/server/server.h"
#include "daemon/store/repair.h"
#include "daemon/store/store.h"

#define EXIT_USAGE 2
#define FLAGS_MAX 128u
#define FIRST_SETTING_KEY 1000 /* argp keys of option_specs[], counted up */
#define KEY_CONFIG 900
#define KEY_CHECK_CONFIG 901
#define KEY_VERIFY 902
#define KEY_REPAIR 903
#define OWN_OPTIONS 4u /* those above */

const char *argp_program_version = "cardinald " CARDINAL_VERSION;

static const char about[] = "Counts distinct values by key for many clients at once."
                            "\vEverything but --config, --check-config, --verify, --repair, --help "
                            "and --version can be set "
                            "in the file too, as 'name = value' with _ for -. SIGTERM and SIGINT "
                            "finish what is in work and stop.";

/* What the command line said. */
struct arguments {
    const char *config_path;
    bool check_only;
    const char *verify_path; /* NULL: not asked for; so the next */
    const char *repair_path;
    struct config_flag flags[FLAGS_MAX];
    size_t flag_count;
};

static error_t on_argument(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    if (key == KEY_CONFIG) {
        arguments->config_path = value;
        return 0;
    }
    if (key == KEY_CHECK_CONFIG) {
        arguments->check_only = true;
        return 0;
    }
    if (key == KEY_VERIFY || key == KEY_REPAIR) {
        *(key == KEY_VERIFY ? &arguments->verify_path : &arguments->repair_path) = value;
        return 0;
    }
    if (key < FIRST_SETTING_KEY || key >= FIRST_SETTING_KEY + (int)option_spec_count)
        return ARGP_ERR_UNKNOWN;
    if (arguments->flag_count == FLAGS_MAX)
        argp_error(state, "too many options");
    struct config_flag *flag = &arguments->flags[arguments->flag_count++];
    flag->spec = &option_specs[key - FIRST_SETTING_KEY];
    flag->value = value != NULL ? value : "yes";
    return 0;
}

/* What argp is told of one setting; lives until the program ends. */
static bool describe_setting(const struct option_spec *spec, int key, struct argp_option *out)
{
    char *name = strdup(spec->name);
    char *help = NULL;

    if (name == NULL || asprintf(&help, "%s (default: %s)", spec->help, spec->fallback) < 0) {
        free(name);
        return false;
    }
    for (char *c = name; *c != '\0'; c++) {
        if (*c == '_')
            *c = '-';
    }
    *out = (struct argp_option){ .name = name, .key = key, .arg = spec->argument, .doc = help };
    return true;
}

static void free_options(struct argp_option *options)
{
    for (size_t i = 0; i < option_spec_count; i++) {
        free((char *)options[i + OWN_OPTIONS].name);
        free((char *)options[i + OWN_OPTIONS].doc);
    }
    free(options);
}

/* The table of options as argp takes it, ended by zeros; NULL without memory. */
static struct argp_option *describe_options(void)
{
    struct argp_option *options = calloc(option_spec_count + OWN_OPTIONS + 1, sizeof *options);

    if (options == NULL)
        return NULL;
    options[0] = (struct argp_option){ .name = "config",
                                       .key = KEY_CONFIG,
                                       .arg = "FILE",
                                       .doc = "read settings from FILE; flags override it" };
    options[1] = (struct argp_option){ .name = "check-config",
                                       .key = KEY_CHECK_CONFIG,
                                       .doc = "check the settings and exit" };
    options[2] = (struct argp_option){ .name = "verify",
                                       .key = KEY_VERIFY,
                                       .arg = "DIR",
                                       .doc = "read all of a data directory, change nothing, say "
                                              "what is wrong, and exit" };
    options[3] = (struct argp_option){ .name = "repair",
                                       .key = KEY_REPAIR,
                                       .arg = "DIR",
                                       .doc = "save what is whole of a damaged data directory, "
                                              "keep its files aside, and exit" };
    for (size_t i = 0; i < option_spec_count; i++) {
        if (!describe_setting(&option_specs[i], FIRST_SETTING_KEY + (int)i,
                              &options[i + OWN_OPTIONS])) {
            free_options(options);
            return NULL;
        }
    }
    return options;
}

static int fail(const struct error *err)
{
    fprintf(stderr, "cardinald: %s\n", err->text);
    return EXIT_FAILURE;
}

/* The one line on standard output, which scripts wait for. */
static void say_ready(const struct server *server)
{
    char text[ADDRESS_TEXT_MAX];

    fputs("ready", stdout);
    for (size_t i = 0; i < server_address_count(server); i++) {
        server_address(server, i, text);
        printf(" %s", text);
        log_info("listening", "address", text);
    }
    putchar('\n');
    fflush(stdout);
}

/* Opens the data directory, if there is to be one. */
static enum status open_store(struct config *config, struct error *err)
{
    const struct store_options options = {
        .path = config->data_dir,
        .flush_interval_ms = config->flush_interval_ms,
    };

    if (config->data_dir[0] != '\0')
        return store_open(&options, &config->server.store, err);
    log_warn("no data_dir: everything is in memory alone and goes with the process");
    return ST_OK;
}

static int serve(struct config *config)
{
    struct server *server = NULL;
    struct error err;

    log_set_level(config->log_level);
    log_info("starting", "version", CARDINAL_VERSION);
    enum status status = open_store(config, &err);
    if (status == ST_OK)
        status = server_new(&config->server, &server, &err);
    if (status == ST_OK)
        status = server_run(server, say_ready, &err);
    store_close(config->server.store);
    server_free(server);
    if (status != ST_OK)
        return fail(&err);
    log_info("stopped");
    return EXIT_SUCCESS;
}

/* Looks through a data directory: 1 where something is damaged. */
static int verify(const char *path)
{
    struct error err;
    bool is_sound = false;

    if (repair_verify(path, stdout, &is_sound, &err) != ST_OK)
        return fail(&err);
    return is_sound ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int repair(const char *path)
{
    struct error err;

    return repair_salvage(path, stdout, &err) == ST_OK ? EXIT_SUCCESS : fail(&err);
}

int main(int argc, char **argv)
{
    static struct arguments arguments;
    struct argp_option *options = describe_options();
    struct argp argp = { .options = options, .parser = on_argument, .doc = about };
    struct config config;
    struct error err;

    if (options == NULL) {
        fputs("cardinald: out of memory\n", stderr);
        return EXIT_FAILURE;
    }
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    free_options(options);
    if (arguments.verify_path != NULL)
        return verify(arguments.verify_path);
    if (arguments.repair_path != NULL)
        return repair(arguments.repair_path);
    if (config_load(arguments.config_path, arguments.flags, arguments.flag_count, &config, &err) !=
            ST_OK ||
        server_check(&config.server, &err) != ST_OK)
        return fail(&err);
    return arguments.check_only ? EXIT_SUCCESS : serve(&config);
}
