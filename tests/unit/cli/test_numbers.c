#include <check.h>
#include <math.h>
#include <string.h>

#include "client/cli/numbers.h"
#include "tests/unit/run_suite.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int64_t int_of(const char *text)
{
    int64_t value = 0;
    ck_assert_msg(number_parse_int(text, strlen(text), &value) == NUMBER_OK, "refused '%s'", text);
    return value;
}

static double double_of(const char *text)
{
    double value = 0;
    ck_assert_msg(number_parse_double(text, strlen(text), &value) == NUMBER_OK, "refused '%s'",
                  text);
    return value;
}

START_TEST(ints_have_the_whole_range)
{
    ck_assert_int_eq(int_of("0"), 0);
    ck_assert_int_eq(int_of("-0"), 0);
    ck_assert_int_eq(int_of("+007"), 7);
    ck_assert_int_eq(int_of("9223372036854775807"), INT64_MAX);
    ck_assert_int_eq(int_of("-9223372036854775808"), INT64_MIN);
}
END_TEST

START_TEST(ints_beyond_the_range_are_told_apart)
{
    static const char *const far[] = { "9223372036854775808", "-9223372036854775809",
                                       "18446744073709551616", "99999999999999999999999" };
    int64_t value = 5;
    for (size_t i = 0; i < COUNT(far); i++) {
        ck_assert_int_eq(number_parse_int(far[i], strlen(far[i]), &value), NUMBER_OUT_OF_RANGE);
        ck_assert_int_eq(value, 5);
    }
}
END_TEST

START_TEST(ints_are_the_whole_text)
{
    static const char *const wrong[] = {
        "", "-", "+", " 1", "1 ", "1.0", "1e3", "0x1", "--1", "a"
    };
    int64_t value = 5;
    for (size_t i = 0; i < COUNT(wrong); i++)
        ck_assert_msg(number_parse_int(wrong[i], strlen(wrong[i]), &value) == NUMBER_MALFORMED,
                      "took '%s'", wrong[i]);
    ck_assert_int_eq(number_parse_int("1\0", 2, &value), NUMBER_MALFORMED);
    ck_assert_int_eq(value, 5);
}
END_TEST

START_TEST(uints_have_the_whole_range_and_no_sign)
{
    uint64_t value = 0;
    ck_assert_int_eq(number_parse_uint("18446744073709551615", 20, &value), NUMBER_OK);
    ck_assert_uint_eq(value, UINT64_MAX);
    ck_assert_int_eq(number_parse_uint("18446744073709551616", 20, &value), NUMBER_OUT_OF_RANGE);
    ck_assert_int_eq(number_parse_uint("+1", 2, &value), NUMBER_MALFORMED);
    ck_assert_int_eq(number_parse_uint("-1", 2, &value), NUMBER_MALFORMED);
    ck_assert_int_eq(number_parse_uint("", 0, &value), NUMBER_MALFORMED);
}
END_TEST

START_TEST(doubles_are_decimal)
{
    ck_assert_double_eq(double_of("0.1"), 0.1);
    ck_assert_double_eq(double_of("-987.001"), -987.001);
    ck_assert_double_eq(double_of("5"), 5.0);
    ck_assert_double_eq(double_of("5."), 5.0);
    ck_assert_double_eq(double_of(".5"), 0.5);
    ck_assert_double_eq(double_of("+1e3"), 1000.0);
    ck_assert_double_eq(double_of("1.5E-3"), 0.0015);
    ck_assert(signbit(double_of("-0.000")) != 0);
}
END_TEST

START_TEST(doubles_may_be_infinite_or_none_when_they_say_so)
{
    ck_assert(isinf(double_of("inf")));
    ck_assert(double_of("-Infinity") < 0);
    ck_assert(isnan(double_of("NaN")));
}
END_TEST

START_TEST(doubles_too_small_become_zero_and_too_large_are_refused)
{
    double value = 5;
    ck_assert_double_eq(double_of("1e-999"), 0.0);
    ck_assert_double_gt(double_of("5e-324"), 0.0);
    ck_assert_int_eq(number_parse_double("1e999", 5, &value), NUMBER_OUT_OF_RANGE);
    ck_assert_int_eq(number_parse_double("-1e999", 6, &value), NUMBER_OUT_OF_RANGE);
    ck_assert_double_eq(value, 5);
}
END_TEST

START_TEST(doubles_are_the_whole_text)
{
    static const char *const wrong[] = { "",   "-",   ".",    "e5",  "1e",     "1e+",  " 1",
                                         "1 ", "0x1", "1.2.", "1,5", "nan(1)", "infi", "1f" };
    double value = 5;
    for (size_t i = 0; i < COUNT(wrong); i++)
        ck_assert_msg(number_parse_double(wrong[i], strlen(wrong[i]), &value) == NUMBER_MALFORMED,
                      "took '%s'", wrong[i]);
    ck_assert_double_eq(value, 5);
}
END_TEST

START_TEST(doubles_of_endless_digits_are_refused)
{
    char text[NUMBER_TEXT_MAX + 1];
    double value = 5;
    memset(text, '0', sizeof text);
    ck_assert_int_eq(number_parse_double(text, NUMBER_TEXT_MAX, &value), NUMBER_OK);
    ck_assert_int_eq(number_parse_double(text, sizeof text, &value), NUMBER_OUT_OF_RANGE);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        ints_have_the_whole_range,
        ints_beyond_the_range_are_told_apart,
        ints_are_the_whole_text,
        uints_have_the_whole_range_and_no_sign,
        doubles_are_decimal,
        doubles_may_be_infinite_or_none_when_they_say_so,
        doubles_too_small_become_zero_and_too_large_are_refused,
        doubles_are_the_whole_text,
        doubles_of_endless_digits_are_refused,
    };
    return RUN_SUITE("numbers", tests);
}
