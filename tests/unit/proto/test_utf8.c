#include "proto/utf8.h"

#include <string.h>

#include "tests/unit/run_suite.h"

static bool valid(const char *text)
{
    return utf8_is_valid(text, strlen(text));
}

START_TEST(utf8_takes_every_length_of_sequence)
{
    ck_assert(valid(""));
    ck_assert(valid("a"));
    ck_assert(valid("\xc2\x80 \xdf\xbf"));
    ck_assert(valid("\xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf"));
    ck_assert(valid("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"));
    ck_assert(utf8_is_valid("a\0b", 3));
}
END_TEST

START_TEST(utf8_refuses_longer_forms_than_needed)
{
    ck_assert(!valid("\xc0\x80"));
    ck_assert(!valid("\xc1\xbf"));
    ck_assert(!valid("\xe0\x9f\xbf"));
    ck_assert(!valid("\xf0\x8f\xbf\xbf"));
}
END_TEST

START_TEST(utf8_refuses_surrogates_and_numbers_too_large)
{
    ck_assert(!valid("\xed\xa0\x80"));
    ck_assert(!valid("\xed\xbf\xbf"));
    ck_assert(!valid("\xf4\x90\x80\x80"));
    ck_assert(!valid("\xf5\x80\x80\x80"));
}
END_TEST

START_TEST(utf8_refuses_what_is_cut_or_stands_alone)
{
    ck_assert(!valid("\x80"));
    ck_assert(!valid("\xc3"));
    ck_assert(!valid("\xc3("));
    ck_assert(!valid("\xe2\x82"));
    ck_assert(!valid("\xe2\x82("));
    ck_assert(!valid("\xf0\x9f\x98"));
    ck_assert(!valid("\xff"));
}
END_TEST

START_TEST(utf8_counts_characters_and_stray_bytes)
{
    ck_assert_uint_eq(utf8_count("", 0), 0);
    ck_assert_uint_eq(utf8_count("z\xc3\xbc\xe2\x82\xac", 6), 3);
    ck_assert_uint_eq(utf8_count("\xff\xc3", 2), 2);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        utf8_takes_every_length_of_sequence,           utf8_refuses_longer_forms_than_needed,
        utf8_refuses_surrogates_and_numbers_too_large, utf8_refuses_what_is_cut_or_stands_alone,
        utf8_counts_characters_and_stray_bytes,
    };
    return RUN_SUITE("utf8", tests);
}
