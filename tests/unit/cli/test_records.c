#include <check.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/records.h"
#include "tests/unit/cli/input_fd.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"

static int fd;
static struct records *records;

static void begin(const char *text, size_t len, size_t field_count, size_t max_line)
{
    fd = input_fd(text, len);
    records = records_new(fd, RECORD_TSV, field_count, max_line);
    ck_assert_ptr_nonnull(records);
}

static void assert_row(uint64_t line, const char *first, const char *second)
{
    struct record record;
    struct fault fault;
    ck_assert_int_eq(records_next(records, &record, &fault), RECORDS_ROW);
    ck_assert_uint_eq(record.line, line);
    ck_assert_uint_eq(record.fields[0].len, strlen(first));
    ck_assert_mem_eq(record.fields[0].bytes, first, strlen(first));
    if (second == NULL)
        return;
    ck_assert_uint_eq(record.fields[1].len, strlen(second));
    ck_assert_mem_eq(record.fields[1].bytes, second, strlen(second));
}

static void assert_bad(uint64_t line, const char *text)
{
    struct record record;
    struct fault fault;
    ck_assert_int_eq(records_next(records, &record, &fault), RECORDS_BAD);
    ck_assert_uint_eq(fault.line, line);
    ck_assert_str_eq(fault.text, text);
}

static void finish(void)
{
    struct record record;
    struct fault fault;
    ck_assert_int_eq(records_next(records, &record, &fault), RECORDS_END);
    records_free(records);
    close(fd);
}

#define BEGIN(text, field_count) begin(text, sizeof(text) - 1, field_count, 100)

START_TEST(tsv_fields_are_the_bytes_between_tabs)
{
    BEGIN("a\tb\n\"x\"\t\\t,\\N\n\t\n \t \n", 2);
    assert_row(1, "a", "b");
    assert_row(2, "\"x\"", "\\t,\\N");
    assert_row(3, "", "");
    assert_row(4, " ", " ");
    finish();
}
END_TEST

START_TEST(tsv_takes_crlf_and_a_last_line_without_end)
{
    BEGIN("a\tb\r\nc\t\r\nd\te", 2);
    assert_row(1, "a", "b");
    assert_row(2, "c", "");
    assert_row(3, "d", "e");
    finish();
}
END_TEST

START_TEST(tsv_tells_too_few_and_too_many_fields)
{
    BEGIN("a\na\tb\tc\n\nx\ty\n", 2);
    assert_bad(1, "too few fields: 1 instead of 2");
    assert_bad(2, "too many fields: 3 instead of 2");
    assert_bad(3, "too few fields: 1 instead of 2");
    assert_row(4, "x", "y");
    finish();
}
END_TEST

START_TEST(tsv_takes_an_empty_line_as_one_empty_field)
{
    BEGIN("\na\n", 1);
    assert_row(1, "", NULL);
    assert_row(2, "a", NULL);
    finish();
}
END_TEST

START_TEST(tsv_refuses_a_nul_byte)
{
    BEGIN("a\tb\0\n\0\tb\nc\td\n", 2);
    assert_bad(1, "a NUL byte");
    assert_bad(2, "a NUL byte");
    assert_row(3, "c", "d");
    finish();
}
END_TEST

START_TEST(tsv_refuses_a_line_that_is_too_long)
{
    begin("abc\tdef\na\tb\n", 12, 2, 6);
    assert_bad(1, "line too long: over 6 bytes");
    assert_row(2, "a", "b");
    finish();
}
END_TEST

START_TEST(records_tell_when_reading_fails)
{
    struct record record;
    struct fault fault;
    records = records_new(-1, RECORD_TSV, 1, 10);
    ck_assert_int_eq(records_next(records, &record, &fault), RECORDS_FAILED);
    ck_assert_int_eq(errno, EBADF);
    records_free(records);
}
END_TEST

START_TEST(records_survive_failing_allocations)
{
    for (long n = 0;; n++) {
        failing_alloc_arm(n);
        records = records_new(0, RECORD_CSV, 3, 10);
        if (!failing_alloc_disarm()) {
            records_free(records);
            ck_assert_int_eq(n, 3);
            return;
        }
        ck_assert_ptr_null(records);
    }
}
END_TEST

START_TEST(faults_are_cut_to_fit)
{
    struct fault fault;
    fault_set(&fault, 7, "%0500d", 1);
    ck_assert_uint_eq(fault.line, 7);
    ck_assert_uint_eq(strlen(fault.text), FAULT_TEXT_MAX - 1);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        tsv_fields_are_the_bytes_between_tabs,
        tsv_takes_crlf_and_a_last_line_without_end,
        tsv_tells_too_few_and_too_many_fields,
        tsv_takes_an_empty_line_as_one_empty_field,
        tsv_refuses_a_nul_byte,
        tsv_refuses_a_line_that_is_too_long,
        records_tell_when_reading_fails,
        records_survive_failing_allocations,
        faults_are_cut_to_fit,
    };
    return RUN_SUITE("records", tests);
}
