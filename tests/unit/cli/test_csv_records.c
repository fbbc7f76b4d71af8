#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/records.h"
#include "tests/unit/cli/input_fd.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"

static int fd;
static struct records *records;

static void begin(const char *text, size_t len, size_t max_line)
{
    fd = input_fd(text, len);
    records = records_new(fd, RECORD_CSV, 2, max_line);
    ck_assert_ptr_nonnull(records);
}

#define BEGIN(text) begin(text, sizeof(text) - 1, 100)

static void assert_row(uint64_t line, const char *first, const char *second)
{
    struct record record;
    struct fault fault = { .text = "" };
    ck_assert_msg(records_next(records, &record, &fault) == RECORDS_ROW, "'%s'", fault.text);
    ck_assert_uint_eq(record.line, line);
    ck_assert_uint_eq(record.fields[0].len, strlen(first));
    ck_assert_mem_eq(record.fields[0].bytes, first, strlen(first));
    ck_assert_uint_eq(record.fields[1].len, strlen(second));
    ck_assert_mem_eq(record.fields[1].bytes, second, strlen(second));
}

static void assert_bad(uint64_t line, const char *text)
{
    struct record record;
    struct fault fault;
    ck_assert_int_eq(records_next(records, &record, &fault), RECORDS_BAD);
    ck_assert_str_eq(fault.text, text);
    ck_assert_uint_eq(fault.line, line);
}

static void finish(void)
{
    struct record record;
    struct fault fault;
    ck_assert_int_eq(records_next(records, &record, &fault), RECORDS_END);
    records_free(records);
    close(fd);
}

START_TEST(csv_fields_may_be_quoted)
{
    BEGIN("a,b\n\"a,b\",\"say \"\"hi\"\"\"\n\"\",\n");
    assert_row(1, "a", "b");
    assert_row(2, "a,b", "say \"hi\"");
    assert_row(3, "", "");
    finish();
}
END_TEST

START_TEST(csv_spaces_belong_to_the_field)
{
    BEGIN(" a ,\tb \n , \n");
    assert_row(1, " a ", "\tb ");
    assert_row(2, " ", " ");
    finish();
}
END_TEST

START_TEST(csv_takes_crlf_and_a_last_line_without_end)
{
    BEGIN("a,b\r\n\"c\",\"d\"\r\ne,\"f\"");
    assert_row(1, "a", "b");
    assert_row(2, "c", "d");
    assert_row(3, "e", "f");
    finish();
}
END_TEST

START_TEST(csv_last_field_may_be_empty_without_line_end)
{
    BEGIN("a,");
    assert_row(1, "a", "");
    finish();
}
END_TEST

START_TEST(csv_quoted_fields_go_over_lines)
{
    BEGIN("\"a\nb\",\"c\r\n\r\nd\"\nx,y\n");
    assert_row(1, "a\nb", "c\r\n\r\nd");
    assert_row(5, "x", "y");
    finish();
}
END_TEST

START_TEST(csv_tells_too_few_and_too_many_fields)
{
    BEGIN("a\na,b,c\n\n\r\nx,y\n");
    assert_bad(1, "too few fields: 1 instead of 2");
    assert_bad(2, "too many fields: 3 instead of 2");
    assert_bad(3, "too few fields: 1 instead of 2");
    assert_bad(4, "too few fields: 1 instead of 2");
    assert_row(5, "x", "y");
    finish();
}
END_TEST

START_TEST(csv_refuses_quotes_where_none_may_be)
{
    BEGIN("a\"b,c\n\"a\"b,c\n\"a\" ,c\nx,y\n");
    assert_bad(1, "a quote where CSV allows none");
    assert_bad(2, "a quote where CSV allows none");
    assert_bad(3, "a quote where CSV allows none");
    assert_row(4, "x", "y");
    finish();
}
END_TEST

START_TEST(csv_refuses_a_carriage_return_outside_quotes)
{
    BEGIN("a\rb,c\na,b\r\r\nx,\"\r\"\nd,e\r");
    assert_bad(1, "a carriage return outside quotes");
    assert_bad(2, "a carriage return outside quotes");
    assert_row(3, "x", "\r");
    assert_bad(4, "a carriage return outside quotes");
    finish();
}
END_TEST

START_TEST(csv_refuses_a_quote_left_open)
{
    BEGIN("x,y\na,\"b\nc\n");
    assert_row(1, "x", "y");
    assert_bad(2, "a quote that is not closed");
    finish();
    BEGIN("a,\"b\nc");
    assert_bad(1, "a quote that is not closed");
    finish();
}
END_TEST

START_TEST(csv_refuses_a_nul_byte_and_goes_on_with_the_next_line)
{
    BEGIN("a,\"b\nc\0\"\nx,y\n");
    assert_bad(1, "a NUL byte");
    assert_row(3, "x", "y");
    finish();
}
END_TEST

START_TEST(csv_bounds_the_whole_record)
{
    static const char text[] = "a,\"b\nccc\nddd\"\nx,y\n";
    begin(text, sizeof text - 1, 8);
    assert_bad(1, "line too long: over 8 bytes");
    assert_row(4, "x", "y");
    finish();
    begin("aaaa,bbbb\nx,y\n", 14, 8);
    assert_bad(1, "line too long: over 8 bytes");
    assert_row(2, "x", "y");
    finish();
}
END_TEST

START_TEST(csv_takes_fields_of_a_megabyte)
{
    size_t len = 1u << 20;
    char *text = malloc(len + 8);
    ck_assert_ptr_nonnull(text);
    memset(text, 'x', len);
    for (size_t i = 100; i < len; i += 100)
        text[i] = '\n';
    text[0] = '"';
    snprintf(text + len, 8, "\",y\n");
    begin(text, len + 4, 2u << 20);
    struct record record;
    struct fault fault;
    ck_assert_int_eq(records_next(records, &record, &fault), RECORDS_ROW);
    ck_assert_uint_eq(record.fields[0].len, len - 1);
    ck_assert_mem_eq(record.fields[0].bytes, text + 1, len - 1);
    ck_assert_mem_eq(record.fields[1].bytes, "y", 1);
    finish();
    free(text);
}
END_TEST

/* Writes a field, quoted where it has to be and sometimes where not. */
static size_t put_field(char *out, const char *bytes, size_t len)
{
    size_t at = 0;
    bool plain = true;
    for (size_t i = 0; i < len; i++)
        plain = plain && strchr("\",\r\n", bytes[i]) == NULL;
    if (plain && rand() % 2 == 0) {
        memcpy(out, bytes, len);
        return len;
    }
    out[at++] = '"';
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '"')
            out[at++] = '"';
        out[at++] = bytes[i];
    }
    out[at++] = '"';
    return at;
}

START_TEST(csv_gives_back_whatever_was_written)
{
    enum { ROWS = 2000, FIELD_MAX = 12 };
    static char fields[ROWS][2][FIELD_MAX + 1];
    static char text[ROWS * 2 * (2 * FIELD_MAX + 4)];
    static const char alphabet[] = "ab \t,\"\r\n\xff\\";
    size_t len = 0;
    unsigned seed = (unsigned)getpid();
    srand(seed);
    for (size_t row = 0; row < ROWS; row++) {
        for (size_t f = 0; f < 2; f++) {
            size_t field_len = (size_t)rand() % FIELD_MAX;
            for (size_t i = 0; i < field_len; i++)
                fields[row][f][i] = alphabet[(size_t)rand() % (sizeof alphabet - 1)];
            len += put_field(text + len, fields[row][f], field_len);
            text[len++] = f == 0 ? ',' : '\n';
        }
        if (rand() % 2 == 0) {
            text[len - 1] = '\r';
            text[len++] = '\n';
        }
    }
    begin(text, len, 1000);
    for (size_t row = 0; row < ROWS; row++) {
        struct record record;
        struct fault fault = { .text = "" };
        ck_assert_msg(records_next(records, &record, &fault) == RECORDS_ROW, "seed %u, row %zu: %s",
                      seed, row, fault.text);
        for (size_t f = 0; f < 2; f++) {
            ck_assert_uint_eq(record.fields[f].len, strlen(fields[row][f]));
            ck_assert_mem_eq(record.fields[f].bytes, fields[row][f], record.fields[f].len);
        }
    }
    finish();
}
END_TEST

START_TEST(csv_survives_failing_allocations)
{
    static const char text[] = "\"a\nb\",c\n";
    bool failed = true;
    for (long n = 0; failed; n++) {
        struct record record;
        struct fault fault;
        BEGIN(text);
        failing_alloc_arm(n);
        enum records_result result = records_next(records, &record, &fault);
        int error = errno;
        failed = failing_alloc_disarm();
        if (result == RECORDS_FAILED)
            ck_assert_int_eq(error, ENOMEM);
        else
            ck_assert_int_eq(result, RECORDS_ROW);
        ck_assert(n > 0 || result == RECORDS_FAILED);
        records_free(records);
        close(fd);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        csv_fields_may_be_quoted,
        csv_spaces_belong_to_the_field,
        csv_takes_crlf_and_a_last_line_without_end,
        csv_last_field_may_be_empty_without_line_end,
        csv_quoted_fields_go_over_lines,
        csv_tells_too_few_and_too_many_fields,
        csv_refuses_quotes_where_none_may_be,
        csv_refuses_a_carriage_return_outside_quotes,
        csv_refuses_a_quote_left_open,
        csv_refuses_a_nul_byte_and_goes_on_with_the_next_line,
        csv_bounds_the_whole_record,
        csv_takes_fields_of_a_megabyte,
        csv_gives_back_whatever_was_written,
        csv_survives_failing_allocations,
    };
    return RUN_SUITE("csv_records", tests);
}
