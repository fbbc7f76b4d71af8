#include <check.h>
#include <string.h>

#include "cardinal.pb-c.h"
#include "proto/status.h"
#include "tests/unit/run_suite.h"

START_TEST(codes_are_those_of_the_protocol)
{
    const ProtobufCEnumDescriptor *wire = &cardinal__v1__status__descriptor;
    ck_assert_uint_eq(wire->n_values, STATUS_COUNT);
#define CHECK_CODE(name, number, text)                                                             \
    ck_assert_int_eq(CARDINAL__V1__STATUS__STATUS_##name, ST_##name);                              \
    ck_assert_str_eq(status_text(ST_##name), text);
    STATUS_MAP(CHECK_CODE)
#undef CHECK_CODE
}
END_TEST

START_TEST(unknown_codes_have_a_text)
{
    ck_assert_str_eq(status_text(-1), "unknown status");
    ck_assert_str_eq(status_text((int)STATUS_COUNT), "unknown status");
    ck_assert_str_eq(status_name(1000), "unknown");
    ck_assert_str_eq(status_name(ST_NOT_FOUND), "not_found");
}
END_TEST

START_TEST(errors_are_cut_to_fit)
{
    struct error err;
    char long_text[2 * ERROR_TEXT_MAX];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    ck_assert_int_eq(error_set(&err, ST_NOT_FOUND, "no table '%s'", long_text), ST_NOT_FOUND);
    ck_assert_uint_eq(strlen(err.text), ERROR_TEXT_MAX - 1);
    ck_assert_int_eq(error_set(NULL, ST_INTERNAL, "x"), ST_INTERNAL);
}
END_TEST

START_TEST(quoting_escapes_what_is_not_plain)
{
    char out[32];
    ck_assert_str_eq(error_quote(out, sizeof out, "a\tb\\", 4), "a\\x09b\\x5c");
    ck_assert_str_eq(error_quote(out, sizeof out, "", 0), "");
}
END_TEST

START_TEST(quoting_cuts_with_dots)
{
    char out[8];
    ck_assert_str_eq(error_quote(out, sizeof out, "1234567", 7), "1234567");
    ck_assert_str_eq(error_quote(out, sizeof out, "12345678", 8), "12345..");
    ck_assert_str_eq(error_quote(out, sizeof out, "\0\0\0", 3), "\\x00..");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        codes_are_those_of_the_protocol,   unknown_codes_have_a_text, errors_are_cut_to_fit,
        quoting_escapes_what_is_not_plain, quoting_cuts_with_dots,
    };
    return RUN_SUITE("status", tests);
}
