#include "daemon/server/unsent.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"

static struct budget budget;

/* An outbuf that holds text. */
static struct outbuf out_of(const char *text)
{
    struct outbuf out;

    outbuf_init(&out);
    ck_assert_int_eq(outbuf_reserve(&out, strlen(text)), ST_OK);
    memcpy(out.data, text, strlen(text));
    out.len = strlen(text);
    return out;
}

static enum status keep(struct unsent *unsent, const char *text, size_t from)
{
    struct outbuf out = out_of(text);
    enum status status = unsent_keep(unsent, &budget, &out, from);

    outbuf_release(&out);
    return status;
}

static void check_text(const struct unsent *unsent, const char *text)
{
    ck_assert_uint_eq(unsent_len(unsent), strlen(text));
    ck_assert_int_eq(memcmp(unsent_bytes(unsent), text, strlen(text)), 0);
    ck_assert_uint_eq(budget_used(&budget), strlen(text));
}

START_TEST(unsent_gives_back_what_was_kept_in_order)
{
    struct unsent unsent = { .start = 0 };

    budget_init(&budget, 100);
    ck_assert_int_eq(keep(&unsent, "abcdef", 2), ST_OK);
    check_text(&unsent, "cdef");
    unsent_consume(&unsent, &budget, 1);
    ck_assert_int_eq(keep(&unsent, "ghi", 0), ST_OK);
    check_text(&unsent, "defghi");
    unsent_consume(&unsent, &budget, 6);
    ck_assert_uint_eq(unsent_len(&unsent), 0);
    ck_assert_uint_eq(budget_used(&budget), 0);
    ck_assert_ptr_null(unsent.buf.data);
}
END_TEST

/* A peer that takes little at a time does not have all the rest moved each time. */
START_TEST(unsent_moves_each_byte_about_once)
{
    struct unsent unsent = { .start = 0 };
    uint8_t expected = 0;
    unsigned moves = 0;

    budget_init(&budget, 1u << 20);
    for (unsigned i = 0; i < 2000; i++) {
        const uint8_t *begin = unsent.buf.data;
        const uint8_t byte[2] = { (uint8_t)(2 * i), (uint8_t)(2 * i + 1) };
        struct outbuf out = { 0 };
        size_t start = unsent.start;
        ck_assert_int_eq(outbuf_reserve(&out, 1000), ST_OK);
        memcpy(out.data, byte, sizeof byte);
        out.len = sizeof byte;
        ck_assert_int_eq(unsent_keep(&unsent, &budget, &out, 0), ST_OK);
        outbuf_release(&out);
        moves += unsent.buf.data != begin || unsent.start < start;
        if (i > 0) {
            ck_assert_uint_eq(unsent_bytes(&unsent)[0], expected++);
            unsent_consume(&unsent, &budget, 1);
        }
    }
    ck_assert_uint_lt(moves, 40);
    unsent_consume(&unsent, &budget, unsent_len(&unsent));
    ck_assert_uint_eq(budget_used(&budget), 0);
}
END_TEST

START_TEST(unsent_takes_no_more_than_the_budget)
{
    struct unsent unsent = { .start = 0 };

    budget_init(&budget, 5);
    ck_assert_int_eq(keep(&unsent, "abc", 0), ST_OK);
    ck_assert_int_eq(keep(&unsent, "def", 0), ST_TOO_LARGE);
    check_text(&unsent, "abc");
    unsent_consume(&unsent, &budget, 3);
}
END_TEST

START_TEST(unsent_is_as_it_was_without_memory)
{
    char text[5001];
    struct unsent unsent = { .start = 0 };

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    budget_init(&budget, 10000);
    ck_assert_int_eq(keep(&unsent, "abc", 1), ST_OK);
    struct outbuf out = out_of(text);
    failing_alloc_arm(0);
    ck_assert_int_eq(unsent_keep(&unsent, &budget, &out, 0), ST_RESOURCE_EXHAUSTED);
    ck_assert(failing_alloc_disarm());
    outbuf_release(&out);
    check_text(&unsent, "bc");
    unsent_consume(&unsent, &budget, 2);
}
END_TEST

START_TEST(unsent_sends_so_much_at_one_time_and_tells_of_a_peer_that_is_gone)
{
    static const uint8_t bytes[2 * UNSENT_SEND_BYTES];
    size_t sent;
    int fds[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    ck_assert(unsent_send(fds[0], bytes, 10, &sent));
    ck_assert_uint_eq(sent, 10);
    for (unsigned i = 0; i < 100; i++) { /* however little the socket holds */
        ck_assert(unsent_send(fds[0], bytes, sizeof bytes, &sent));
        ck_assert_uint_le(sent, UNSENT_SEND_BYTES);
    }
    ck_assert_uint_eq(sent, 0);
    close(fds[1]);
    ck_assert(!unsent_send(fds[0], bytes, sizeof bytes, &sent));
    ck_assert_uint_eq(sent, 0);
    close(fds[0]);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        unsent_gives_back_what_was_kept_in_order,
        unsent_moves_each_byte_about_once,
        unsent_takes_no_more_than_the_budget,
        unsent_is_as_it_was_without_memory,
        unsent_sends_so_much_at_one_time_and_tells_of_a_peer_that_is_gone,
    };

    return RUN_SUITE("unsent", tests);
}
