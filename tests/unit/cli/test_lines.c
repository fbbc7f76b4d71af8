#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/lines.h"
#include "tests/unit/cli/input_fd.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"

static struct lines *lines_of(const void *bytes, size_t len, size_t max_line, int *fd)
{
    *fd = input_fd(bytes, len);
    struct lines *lines = lines_new(*fd, max_line);
    ck_assert_ptr_nonnull(lines);
    return lines;
}

static void close_lines(struct lines *lines, int fd)
{
    lines_free(lines);
    close(fd);
}

static void assert_line(struct lines *lines, const char *text, size_t terminator_len,
                        uint64_t number)
{
    struct line line;
    ck_assert_int_eq(lines_next(lines, &line), LINES_LINE);
    ck_assert_uint_eq(line.len, strlen(text));
    ck_assert_mem_eq(line.bytes, text, line.len);
    ck_assert_uint_eq(line.terminator_len, terminator_len);
    ck_assert_uint_eq(line.number, number);
}

static void assert_end(struct lines *lines)
{
    struct line line;
    ck_assert_int_eq(lines_next(lines, &line), LINES_END);
}

static void assert_too_long(struct lines *lines, uint64_t number)
{
    struct line line;
    ck_assert_int_eq(lines_next(lines, &line), LINES_TOO_LONG);
    ck_assert_uint_eq(line.number, number);
}

START_TEST(lines_end_with_lf_or_crlf_or_the_input)
{
    static const char text[] = "a\nb\r\n\n\r\nc\rd\r\r\nlast";
    int fd;
    struct lines *lines = lines_of(text, sizeof text - 1, 100, &fd);
    assert_line(lines, "a", 1, 1);
    assert_line(lines, "b", 2, 2);
    assert_line(lines, "", 1, 3);
    assert_line(lines, "", 2, 4);
    assert_line(lines, "c\rd\r", 2, 5);
    assert_line(lines, "last", 0, 6);
    assert_end(lines);
    assert_end(lines);
    ck_assert_uint_eq(lines_bytes(lines), sizeof text - 1);
    close_lines(lines, fd);
}
END_TEST

START_TEST(lines_of_nothing_are_none)
{
    int fd;
    struct lines *lines = lines_of("", 0, 100, &fd);
    assert_end(lines);
    close_lines(lines, fd);
}
END_TEST

START_TEST(lines_end_the_input_without_one_more)
{
    int fd;
    struct lines *lines = lines_of("a\n", 2, 100, &fd);
    assert_line(lines, "a", 1, 1);
    assert_end(lines);
    close_lines(lines, fd);
}
END_TEST

START_TEST(lines_up_to_the_bound_are_taken_and_longer_ones_passed_over)
{
    static const char text[] = "1234\n12345\n1234\r\n12345\r\n1234";
    int fd;
    struct lines *lines = lines_of(text, sizeof text - 1, 4, &fd);
    assert_line(lines, "1234", 1, 1);
    assert_too_long(lines, 2);
    assert_line(lines, "1234", 2, 3);
    assert_too_long(lines, 4);
    assert_line(lines, "1234", 0, 5);
    assert_end(lines);
    close_lines(lines, fd);
}
END_TEST

START_TEST(lines_longer_than_the_buffer_are_passed_over)
{
    size_t len = 3u << 20;
    char *text = malloc(len + 4);
    memset(text, 'x', len);
    snprintf(text + len, 4, "\na\n");
    int fd;
    struct lines *lines = lines_of(text, len + 3, 1000, &fd);
    assert_too_long(lines, 1);
    assert_line(lines, "a", 1, 2);
    assert_end(lines);
    close_lines(lines, fd);
    lines = lines_of(text, len, 1000, &fd);
    assert_too_long(lines, 1);
    assert_end(lines);
    close_lines(lines, fd);
    free(text);
}
END_TEST

START_TEST(lines_are_whole_wherever_reads_cut_them)
{
    enum { COUNT = 20000 };
    char *text = malloc((size_t)COUNT * 64);
    size_t len = 0;
    for (int i = 0; i < COUNT; i++)
        len += (size_t)sprintf(text + len, "%d %.*s\n", i, i % 40,
                               "0123456789012345678901234567890123456789");
    int fd;
    struct lines *lines = lines_of(text, len, 64, &fd);
    for (int i = 0; i < COUNT; i++) {
        char want[64];
        sprintf(want, "%d %.*s", i, i % 40, "0123456789012345678901234567890123456789");
        assert_line(lines, want, 1, (uint64_t)i + 1);
    }
    assert_end(lines);
    close_lines(lines, fd);
    free(text);
}
END_TEST

/* Writes a line once it is called for the third time. */
struct pausing_writer {
    int fd;
    int calls;
};

static void write_late(void *arg)
{
    struct pausing_writer *writer = arg;
    if (++writer->calls == 3)
        ck_assert_int_eq(write(writer->fd, "late\n", 5), 5);
}

START_TEST(lines_call_idle_while_nothing_comes)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    struct pausing_writer writer = { ends[1], 0 };
    struct lines *lines = lines_new(ends[0], 10);
    ck_assert_ptr_nonnull(lines);
    lines_on_idle(lines, write_late, &writer);
    assert_line(lines, "late", 1, 1);
    ck_assert_int_eq(writer.calls, 3);
    close(ends[1]);
    assert_end(lines);
    ck_assert_int_eq(writer.calls, 3);
    close_lines(lines, ends[0]);
}
END_TEST

START_TEST(lines_come_through_a_pipe_byte_by_byte)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    struct lines *lines = lines_new(ends[0], 10);
    ck_assert_ptr_nonnull(lines);
    ck_assert_int_eq(write(ends[1], "a\nb", 3), 3);
    assert_line(lines, "a", 1, 1);
    ck_assert_int_eq(write(ends[1], "c\r", 2), 2);
    ck_assert_int_eq(write(ends[1], "\n", 1), 1);
    close(ends[1]);
    assert_line(lines, "bc", 2, 2);
    assert_end(lines);
    close_lines(lines, ends[0]);
}
END_TEST

START_TEST(lines_tell_when_reading_fails)
{
    struct lines *lines = lines_new(-1, 10);
    struct line line;
    ck_assert_int_eq(lines_next(lines, &line), LINES_FAILED);
    ck_assert_int_eq(errno, EBADF);
    lines_free(lines);
}
END_TEST

START_TEST(lines_need_memory)
{
    failing_alloc_arm(0);
    ck_assert_ptr_null(lines_new(0, 10));
    ck_assert(failing_alloc_disarm());
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        lines_end_with_lf_or_crlf_or_the_input,
        lines_of_nothing_are_none,
        lines_end_the_input_without_one_more,
        lines_up_to_the_bound_are_taken_and_longer_ones_passed_over,
        lines_longer_than_the_buffer_are_passed_over,
        lines_are_whole_wherever_reads_cut_them,
        lines_call_idle_while_nothing_comes,
        lines_come_through_a_pipe_byte_by_byte,
        lines_tell_when_reading_fails,
        lines_need_memory,
    };
    return RUN_SUITE("lines", tests);
}
