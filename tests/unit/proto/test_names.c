#include <check.h>
#include <string.h>

#include "proto/names.h"
#include "tests/unit/run_suite.h"

static bool valid(const char *name)
{
    return name_is_valid(name, strlen(name));
}

START_TEST(names_begin_with_a_letter_or_underscore)
{
    ck_assert(valid("a"));
    ck_assert(valid("_"));
    ck_assert(valid("Z9._-"));
    ck_assert(!valid(""));
    ck_assert(!valid("9a"));
    ck_assert(!valid(".a"));
    ck_assert(!valid("-a"));
}
END_TEST

START_TEST(names_hold_no_other_bytes)
{
    ck_assert(!valid("a b"));
    ck_assert(!valid("a/b"));
    ck_assert(!valid("a\xc3\xa9"));
    ck_assert(!name_is_valid("a\0b", 3));
}
END_TEST

START_TEST(names_have_128_bytes_at_most)
{
    char name[NAME_MAX_BYTES + 1];
    memset(name, 'n', sizeof name);
    ck_assert(name_is_valid(name, NAME_MAX_BYTES));
    ck_assert(!name_is_valid(name, NAME_MAX_BYTES + 1));
}
END_TEST

START_TEST(words_of_answers_are_reserved)
{
    ck_assert(name_is_reserved("key", 3));
    ck_assert(name_is_reserved("keys", 4));
    ck_assert(name_is_reserved("rse", 3));
    ck_assert(!name_is_reserved("keys2", 5));
    ck_assert(!name_is_reserved("ke", 2));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        names_begin_with_a_letter_or_underscore,
        names_hold_no_other_bytes,
        names_have_128_bytes_at_most,
        words_of_answers_are_reserved,
    };
    return RUN_SUITE("names", tests);
}
