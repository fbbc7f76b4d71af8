#include "daemon/config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/run_suite.h"

static char path[64];

static void write_file(const char *text)
{
    snprintf(path, sizeof path, "/tmp/cardinald-conf-XXXXXX");
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static enum status load(const char *text, const struct config_flag *flags, size_t flag_count,
                        struct config *out, struct error *err)
{
    write_file(text);
    enum status status = config_load(path, flags, flag_count, out, err);
    unlink(path);
    return status;
}

static struct config loaded(const char *text)
{
    struct config config;
    struct error err = { ST_OK, "" };

    ck_assert_msg(load(text, NULL, 0, &config, &err) == ST_OK, "%s", err.text);
    return config;
}

static void check_refused(const char *text, const char *why)
{
    struct config config;
    struct error err;

    ck_assert_int_eq(load(text, NULL, 0, &config, &err), ST_INVALID_ARGUMENT);
    ck_assert_msg(strstr(err.text, why) != NULL, "'%s' is not in '%s'", why, err.text);
}

/* One "#name = value" line of the sample; false at its end. */
static bool next_sample(FILE *file, char name[64], char value[64])
{
    char line[256];

    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] == '#' && islower((unsigned char)line[1]) &&
            sscanf(line, "#%63[a-z_] = %63[^\n]", name, value) == 2)
            return true;
        ck_assert_msg(line[0] == '\n' || strncmp(line, "# ", 2) == 0 || strcmp(line, "#\n") == 0,
                      "not a comment: %s", line);
    }
    return false;
}

START_TEST(config_sample_shows_every_option_with_its_default)
{
    FILE *file = fopen(SAMPLE_CONFIG, "r");
    char name[64];
    char value[64];

    ck_assert_ptr_nonnull(file);
    for (size_t i = 0; i < option_spec_count; i++) {
        ck_assert(next_sample(file, name, value));
        ck_assert_str_eq(name, option_specs[i].name);
        ck_assert_str_eq(value, option_specs[i].fallback);
    }
    ck_assert(!next_sample(file, name, value));
    fclose(file);
}
END_TEST

START_TEST(config_defaults_are_those_of_the_protocol)
{
    struct config config = loaded("");

    ck_assert_uint_eq(config.server.limits.max_frame, 16u << 20);
    ck_assert_uint_eq(config.server.limits.max_batch_values, 65536);
    ck_assert_uint_eq(config.server.limits.max_connections, 10000);
    ck_assert_uint_eq(config.server.limits.max_in_flight, 256);
    ck_assert_uint_eq(config.server.limits.max_tables, 10000);
    ck_assert_uint_eq(config.server.limits.max_partial_bytes, 256u << 20);
    ck_assert_uint_eq(config.server.listen_count, 1);
    ck_assert(!config.server.allow_unauthenticated);
    ck_assert_int_eq(config.log_level, LOG_INFO);
}
END_TEST

START_TEST(config_file_sets_options)
{
    struct config config = loaded("# a comment\n"
                                  "max_frame = 64KiB\n"
                                  "allow_unauthenticated=yes ; said on purpose\n"
                                  "\n"
                                  "log_level = debug\n"
                                  "listen = tcp://[::1]:1\n"
                                  "listen = unix:///run/a.sock\n"
                                  "max_tables = 7"); /* no line feed at the end */

    ck_assert_uint_eq(config.server.limits.max_frame, 65536);
    ck_assert(config.server.allow_unauthenticated);
    ck_assert_int_eq(config.log_level, LOG_DEBUG);
    ck_assert_uint_eq(config.server.listen_count, 2);
    ck_assert(address_is_local(&config.server.listen[1]));
    ck_assert_uint_eq(config.server.limits.max_tables, 7);
}
END_TEST

START_TEST(config_flags_win_over_the_file)
{
    struct config config;
    struct error err = { ST_OK, "" };
    const struct config_flag flags[] = {
        { option_find("max_tables"), "9" },
        { option_find("listen"), "unix:///run/b.sock" },
    };

    ck_assert_int_eq(
        load("max_tables = 7\nthreads = 3\nlisten = tcp://127.0.0.1:1\n", flags, 2, &config, &err),
        ST_OK);
    ck_assert_uint_eq(config.server.limits.max_tables, 9);
    ck_assert_uint_eq(config.server.threads, 3);
    ck_assert_uint_eq(config.server.listen_count, 1);
    ck_assert(address_is_local(&config.server.listen[0]));
}
END_TEST

START_TEST(config_names_file_and_line_of_a_fault)
{

    check_refused("threads = 1\nmax_fame = 3\n", ":2: unknown option 'max_fame'");
    check_refused("threads = 1\n\nthreads = 2\n", ":3: a second value for option 'threads'");
    check_refused("max_tables = 0\n", ":1: bad max_tables '0': it must be 1 to 1000000");
    check_refused("max_tables = many\n", ":1: bad max_tables 'many': not a number");
    check_refused("max_tables = 1MiB\n", "not a number");
    check_refused("max_frame = 1MB\n", "unit");
    check_refused("max_frame = 99999999999999999999\n", "not a number");
    check_refused("max_frame = 18446744073709551615GiB\n", "it must be");
    check_refused("allow_unauthenticated = maybe\n", "yes or no");
    check_refused("log_level = loud\n", "debug, info, warn or error");
    check_refused("listen = tcp://x\n", ":1: bad address");
    check_refused("threads\n", ":1: not of the form 'name = value'");
    check_refused("[limits]\nmax_tables = 1\n", ":2: unknown section 'limits'");
    check_refused("threads = 1\n  threads = 2\n", ":2: a second value");
}
END_TEST

START_TEST(config_refuses_a_line_that_would_be_read_as_two)
{
    char text[1024];

    memset(text, ' ', sizeof text);
    memcpy(text, "listen = tcp://127.0.0.1:1", 26);
    memcpy(text + 600, "threads = 4\n", 13);
    check_refused(text, ":1: line too long");
}
END_TEST

START_TEST(config_refuses_a_missing_file)
{
    struct config config;
    struct error err;

    ck_assert_int_eq(config_load("/nonexistent/x.conf", NULL, 0, &config, &err), ST_NOT_FOUND);
    ck_assert_str_eq(err.text, "cannot open '/nonexistent/x.conf': No such file or directory");
}
END_TEST

START_TEST(config_refuses_a_public_address_unless_allowed)
{
    struct config config = loaded("listen = tcp://0.0.0.0:7410\n");
    struct error err;

    ck_assert_int_eq(server_check(&config.server, &err), ST_FAILED_PRECONDITION);
    ck_assert_ptr_nonnull(strstr(err.text, "allow_unauthenticated"));
    config.server.allow_unauthenticated = true;
    ck_assert_int_eq(server_check(&config.server, &err), ST_OK);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        config_sample_shows_every_option_with_its_default,
        config_defaults_are_those_of_the_protocol,
        config_file_sets_options,
        config_flags_win_over_the_file,
        config_names_file_and_line_of_a_fault,
        config_refuses_a_line_that_would_be_read_as_two,
        config_refuses_a_missing_file,
        config_refuses_a_public_address_unless_allowed,
    };

    return RUN_SUITE("config", tests);
}
