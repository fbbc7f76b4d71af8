#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/json_out.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"

static void assert_line(struct json *json, const char *want)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    ck_assert(json_end(json, out));
    fclose(out);
    ck_assert_str_eq(text, want);
    free(text);
}

static void assert_key(const char *key, size_t len, const char *want)
{
    struct json json = json_begin();
    json_key(&json, key, len);
    assert_line(&json, want);
}

START_TEST(json_is_one_object_a_line)
{
    const char *const texts[] = { "a", "b\"c" };
    struct json json = json_begin();
    assert_line(&json, "{}\n");
    json = json_begin();
    json_text(&json, "t", "x\ny");
    json_texts(&json, "l", texts, 2);
    json_bool(&json, "b", true);
    assert_line(&json, "{\"t\":\"x\\ny\",\"l\":[\"a\",\"b\\\"c\"],\"b\":true}\n");
}
END_TEST

START_TEST(json_integers_are_exact)
{
    struct json json = json_begin();
    json_uint(&json, "most", UINT64_MAX);
    json_uint(&json, "odd", (UINT64_C(1) << 53) + 1);
    assert_line(&json, "{\"most\":18446744073709551615,\"odd\":9007199254740993}\n");
}
END_TEST

START_TEST(json_estimates_are_whole)
{
    struct json json = json_begin();
    json_estimate(&json, "down", 60010.4);
    json_estimate(&json, "up", 254.5);
    json_estimate(&json, "zero", 0.2);
    json_estimate(&json, "large", 1e18);
    assert_line(&json, "{\"down\":60010,\"up\":255,\"zero\":0,\"large\":1000000000000000000}\n");
}
END_TEST

START_TEST(json_has_no_word_for_what_is_no_number)
{
    struct json json = json_begin();
    json_fixed(&json, "a", 1.0 / 3, 3);
    json_fixed(&json, "b", INFINITY, 3);
    json_estimate(&json, "c", NAN);
    assert_line(&json, "{\"a\":0.333,\"b\":null,\"c\":null}\n");
}
END_TEST

START_TEST(json_keys_of_utf8_are_text)
{
    assert_key("", 0, "{\"key\":\"\"}\n");
    assert_key("z\xc3\xbc", 3, "{\"key\":\"z\xc3\xbc\"}\n");
    assert_key("a\"\\\n\x7f", 5, "{\"key\":\"a\\\"\\\\\\u000a\\u007f\"}\n");
    assert_key("a\0b", 3, "{\"key\":\"a\\u0000b\"}\n");
}
END_TEST

START_TEST(json_keys_of_other_bytes_are_base64)
{
    assert_key("\xff", 1, "{\"key_base64\":\"/w==\"}\n");
    assert_key("\xff\xfe", 2, "{\"key_base64\":\"//4=\"}\n");
    assert_key("\xff\xfe\xfd", 3, "{\"key_base64\":\"//79\"}\n");
    assert_key("abc\xff", 4, "{\"key_base64\":\"YWJj/w==\"}\n");
}
END_TEST

START_TEST(json_survives_failing_allocations)
{
    const char *const texts[] = { "a", "b" };
    char line[200];
    bool failed = true;
    for (long n = 0; failed; n++) {
        FILE *out = fmemopen(line, sizeof line, "w");
        failing_alloc_arm(n);
        struct json json = json_begin();
        json_key(&json, "k", 1);
        json_uint(&json, "u", 1);
        json_bool(&json, "b", false);
        json_text(&json, "t", "t");
        json_texts(&json, "l", texts, 2);
        bool done = json_end(&json, out);
        failed = failing_alloc_disarm();
        fclose(out);
        ck_assert_int_eq(done, !failed);
        ck_assert(n > 0 || failed);
    }
    ck_assert_str_eq(line, "{\"key\":\"k\",\"u\":1,\"b\":false,\"t\":\"t\",\"l\":[\"a\",\"b\"]}\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        json_is_one_object_a_line,         json_integers_are_exact,
        json_estimates_are_whole,          json_has_no_word_for_what_is_no_number,
        json_keys_of_utf8_are_text,        json_keys_of_other_bytes_are_base64,
        json_survives_failing_allocations,
    };
    return RUN_SUITE("json_out", tests);
}
