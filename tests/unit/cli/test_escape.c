#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "client/cli/escape.h"
#include "tests/unit/run_suite.h"

static void assert_escaped(const char *bytes, size_t len, const char *text)
{
    char out[ESCAPED_MAX(64)];
    ck_assert_uint_le(len, 64);
    ck_assert_uint_eq(escape(out, bytes, len), strlen(text));
    ck_assert_str_eq(out, text);
}

START_TEST(escape_leaves_printable_text_alone)
{
    assert_escaped("", 0, "");
    assert_escaped(" a~", 3, " a~");
    assert_escaped("z\xc3\xbc\xe2\x82\xac", 6, "z\xc3\xbc\xe2\x82\xac");
}
END_TEST

START_TEST(escape_names_tab_line_feed_and_backslash)
{
    assert_escaped("a\tb\nc\\d", 7, "a\\tb\\nc\\\\d");
}
END_TEST

START_TEST(escape_writes_other_controls_in_hexadecimal)
{
    assert_escaped("\0\r\x1b\x1f\x7f", 5, "\\x00\\x0d\\x1b\\x1f\\x7f");
    assert_escaped("\xc2\x80\xc2\x9f\xc2\xa0", 6, "\\xc2\\x80\\xc2\\x9f\xc2\xa0");
}
END_TEST

START_TEST(escape_writes_bytes_that_are_no_utf8_in_hexadecimal)
{
    assert_escaped("a\xff\xfe", 3, "a\\xff\\xfe");
    assert_escaped("\xe2\x82", 2, "\\xe2\\x82");
    assert_escaped("\xed\xa0\x80", 3, "\\xed\\xa0\\x80");
}
END_TEST

START_TEST(unescape_takes_back_any_bytes)
{
    uint8_t bytes[256];
    char text[ESCAPED_MAX(sizeof bytes)];
    size_t len;
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    escape(text, bytes, sizeof bytes);
    ck_assert(unescape(text, &len));
    ck_assert_uint_eq(len, sizeof bytes);
    ck_assert_mem_eq(text, bytes, sizeof bytes);
}
END_TEST

START_TEST(unescape_reads_either_case_of_hexadecimal)
{
    char text[] = "\\x4a\\x4A\\x00z";
    size_t len;
    ck_assert(unescape(text, &len));
    ck_assert_uint_eq(len, 4);
    ck_assert_mem_eq(text, "JJ\0z", 4);
}
END_TEST

START_TEST(unescape_refuses_unknown_escapes_and_changes_nothing)
{
    static const char *const wrong[] = { "\\",   "a\\",   "\\q",   "\\x",
                                         "\\x1", "\\x1g", "\\xg1", "\\t\\N" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[16];
        size_t len = 77;
        snprintf(text, sizeof text, "%s", wrong[i]);
        ck_assert_msg(!unescape(text, &len), "took '%s'", wrong[i]);
        ck_assert_str_eq(text, wrong[i]);
        ck_assert_uint_eq(len, 77);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        escape_leaves_printable_text_alone,
        escape_names_tab_line_feed_and_backslash,
        escape_writes_other_controls_in_hexadecimal,
        escape_writes_bytes_that_are_no_utf8_in_hexadecimal,
        unescape_takes_back_any_bytes,
        unescape_reads_either_case_of_hexadecimal,
        unescape_refuses_unknown_escapes_and_changes_nothing,
    };
    return RUN_SUITE("escape", tests);
}
