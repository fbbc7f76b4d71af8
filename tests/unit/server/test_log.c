#include "daemon/log.h"

#include <string.h>

#include "tests/unit/run_suite.h"

static const char *formatted(const char *message, const char *const *pairs, size_t size)
{
    static char line[LOG_LINE_MAX + 1];

    size_t len = log_format(line, size, "T", LOG_WARN, message, pairs);
    ck_assert_uint_le(len, size);
    line[len] = '\0';
    return line;
}

START_TEST(log_line_is_logfmt)
{
    const char *const pairs[] = { "address", "tcp://127.0.0.1:7410", "n", "5", NULL };

    ck_assert_str_eq(formatted("it is so", pairs, LOG_LINE_MAX),
                     "ts=T level=warn msg=\"it is so\" address=tcp://127.0.0.1:7410 n=5\n");
}
END_TEST

START_TEST(log_quotes_values_that_would_break_the_line)
{
    const char *const pairs[] = { "a", "x y", "b", "", "c", "k=v", "d", "\"\\\n\x01", NULL };

    ck_assert_str_eq(formatted("m", pairs, LOG_LINE_MAX),
                     "ts=T level=warn msg=\"m\" a=\"x y\" b=\"\" c=\"k=v\" "
                     "d=\"\\\"\\\\\\n\\x01\"\n");
}
END_TEST

START_TEST(log_cuts_what_does_not_fit_and_still_ends_the_line)
{
    char value[4096];
    const char *const pairs[] = { "v", value, "w", "after", NULL };

    memset(value, ' ', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    for (size_t size = 40; size <= LOG_LINE_MAX; size++) {
        const char *line = formatted("m", pairs, size);
        size_t len = strlen(line);
        ck_assert_int_eq(line[len - 1], '\n');
        ck_assert_int_eq(line[len - 2], '"');
    }
}
END_TEST

START_TEST(log_levels_have_names)
{
    enum log_level level = LOG_ERROR;

    for (int i = 0; i < LOG_LEVEL_COUNT; i++) {
        ck_assert(log_level_parse(log_level_name((enum log_level)i), &level));
        ck_assert_int_eq(level, i);
    }
    ck_assert(!log_level_parse("loud", &level));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        log_line_is_logfmt,
        log_quotes_values_that_would_break_the_line,
        log_cuts_what_does_not_fit_and_still_ends_the_line,
        log_levels_have_names,
    };

    return RUN_SUITE("log", tests);
}
