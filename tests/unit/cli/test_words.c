#include <check.h>

#include "client/cli/words.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"

START_TEST(words_are_cut_at_commas)
{
    struct words words;
    ck_assert_int_eq(words_split(&words, "a,bc,d"), WORDS_OK);
    ck_assert_uint_eq(words.count, 3);
    ck_assert_str_eq(words.at[0], "a");
    ck_assert_str_eq(words.at[1], "bc");
    ck_assert_str_eq(words.at[2], "d");
    words_release(&words);
    ck_assert_int_eq(words_split(&words, "one"), WORDS_OK);
    ck_assert_uint_eq(words.count, 1);
    words_release(&words);
}
END_TEST

START_TEST(words_are_never_empty)
{
    static const char *const wrong[] = { "", ",", "a,", ",a", "a,,b" };
    struct words words = { .count = 77 };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_int_eq(words_split(&words, wrong[i]), WORDS_EMPTY);
    ck_assert_uint_eq(words.count, 77);
}
END_TEST

START_TEST(words_that_repeat_are_found)
{
    struct words words;
    ck_assert_int_eq(words_split(&words, "a,b,a"), WORDS_OK);
    ck_assert_str_eq(words_repeated(&words), "a");
    words_release(&words);
    ck_assert_int_eq(words_split(&words, "a,aa,b"), WORDS_OK);
    ck_assert_ptr_null(words_repeated(&words));
    words_release(&words);
}
END_TEST

START_TEST(words_survive_failing_allocations)
{
    for (long n = 0;; n++) {
        struct words words = { 0 };
        failing_alloc_arm(n);
        enum words_result result = words_split(&words, "a,b");
        if (!failing_alloc_disarm()) {
            ck_assert_int_eq(result, WORDS_OK);
            words_release(&words);
            ck_assert_int_gt(n, 0);
            return;
        }
        ck_assert_int_eq(result, WORDS_NO_MEMORY);
        ck_assert_ptr_null(words.text);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        words_are_cut_at_commas,
        words_are_never_empty,
        words_that_repeat_are_found,
        words_survive_failing_allocations,
    };
    return RUN_SUITE("words", tests);
}
