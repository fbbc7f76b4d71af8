#include <string.h>

#include "daemon/wire/utf8.h"
#include "tests/unit/run_suite.h"

static bool valid(const char *text)
{
    return utf8_is_valid((const uint8_t *)text, strlen(text));
}

START_TEST(characters_of_every_length_are_valid)
{
    ck_assert(valid(""));
    ck_assert(valid("plain"));
    ck_assert(valid("\xc2\x80 \xdf\xbf"));
    ck_assert(valid("\xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf"));
    ck_assert(valid("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"));
}
END_TEST

START_TEST(cut_characters_are_invalid)
{
    const char *whole = "\xf0\x9f\x99\x82";
    for (size_t len = 1; len < 4; len++)
        ck_assert(!utf8_is_valid((const uint8_t *)whole, len));
    ck_assert(!valid("\xc3("));
    ck_assert(!valid("\xe2\x82("));
    ck_assert(!valid("\x80"));
}
END_TEST

START_TEST(overlong_surrogate_and_too_large_are_invalid)
{
    ck_assert(!valid("\xc0\x80"));
    ck_assert(!valid("\xc1\xbf"));
    ck_assert(!valid("\xe0\x9f\xbf"));
    ck_assert(!valid("\xf0\x8f\xbf\xbf"));
    ck_assert(!valid("\xed\xa0\x80"));
    ck_assert(!valid("\xf4\x90\x80\x80"));
    ck_assert(!valid("\xf5\x80\x80\x80"));
    ck_assert(!valid("\xff"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        characters_of_every_length_are_valid,
        cut_characters_are_invalid,
        overlong_surrogate_and_too_large_are_invalid,
    };
    return RUN_SUITE("wire_utf8", tests);
}
