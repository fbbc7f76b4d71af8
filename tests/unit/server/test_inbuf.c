#include "daemon/server/inbuf.h"

#include <string.h>

#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"

/* Reads n bytes that count up from *next; returns how much room there was. */
static size_t feed(struct inbuf *buf, struct inbuf_pool *pool, size_t n, uint8_t *next)
{
    size_t room;
    uint8_t *data = inbuf_reserve(buf, pool, &room);

    if (data == NULL || room == 0)
        ck_abort_msg("no room");
    if (n > room)
        n = room;
    for (size_t i = 0; i < n; i++)
        data[i] = (*next)++;
    inbuf_fill(buf, n, room);
    return room;
}

static void check_bytes(const struct inbuf *buf, size_t len, uint8_t first)
{
    size_t wrong = 0;

    ck_assert_uint_eq(inbuf_len(buf), len);
    for (size_t i = 0; i < len; i++)
        wrong += inbuf_bytes(buf)[i] != (uint8_t)(first + i);
    ck_assert_uint_eq(wrong, 0);
}

START_TEST(inbuf_holds_no_memory_when_all_is_used)
{
    struct inbuf_pool pool = { 0 };
    struct inbuf buf = { 0 };
    uint8_t next = 0;

    feed(&buf, &pool, 1000, &next);
    inbuf_consume(&buf, 1000);
    inbuf_settle(&buf, &pool);
    ck_assert_ptr_null(buf.data);
    ck_assert_uint_eq(pool.count, 1);
    inbuf_pool_release(&pool);
}
END_TEST

START_TEST(inbuf_keeps_the_rest_in_little_memory)
{
    struct inbuf_pool pool = { 0 };
    struct inbuf buf = { 0 };
    uint8_t next = 0;

    feed(&buf, &pool, 5000, &next);
    inbuf_consume(&buf, 4000);
    inbuf_settle(&buf, &pool);
    check_bytes(&buf, 1000, (uint8_t)4000);
    ck_assert_uint_le(buf.capacity, 2000);
    inbuf_release(&buf, &pool);
    inbuf_pool_release(&pool);
}
END_TEST

START_TEST(inbuf_reads_much_after_reading_much)
{
    struct inbuf_pool pool = { 0 };
    struct inbuf buf = { 0 };
    uint8_t next = 0;

    for (unsigned i = 0; i < 3; i++)
        feed(&buf, &pool, INBUF_FRESH_BYTES, &next);
    inbuf_consume(&buf, 3 * INBUF_FRESH_BYTES - 10);
    inbuf_settle(&buf, &pool);
    ck_assert_uint_gt(feed(&buf, &pool, 10, &next), INBUF_READ_BYTES / 2);
    check_bytes(&buf, 20, (uint8_t)-10);
    inbuf_release(&buf, &pool);
    inbuf_pool_release(&pool);
}
END_TEST

/* What arrives byte by byte is copied no more often than doubling needs. */
START_TEST(inbuf_grows_by_doubling_as_bytes_come_one_by_one)
{
    struct inbuf_pool pool = { 0 };
    struct inbuf buf = { 0 };
    uint8_t next = 0;
    size_t moves = 0;
    size_t wasteful = 0;

    for (size_t i = 0; i < 600000; i++) {
        const uint8_t *before = buf.data;
        feed(&buf, &pool, 1, &next);
        inbuf_settle(&buf, &pool);
        moves += buf.data != before;
        wasteful += inbuf_len(&buf) > 256 && buf.capacity > 4 * inbuf_len(&buf);
    }
    ck_assert_uint_eq(wasteful, 0);
    ck_assert_uint_lt(moves, 40);
    check_bytes(&buf, 600000, 0);
    inbuf_release(&buf, &pool);
    inbuf_pool_release(&pool);
}
END_TEST

START_TEST(inbuf_grows_to_hold_one_large_message)
{
    struct inbuf_pool pool = { 0 };
    struct inbuf buf = { 0 };
    uint8_t next = 0;

    while (inbuf_len(&buf) < (5u << 20)) {
        feed(&buf, &pool, SIZE_MAX, &next);
        ck_assert_uint_le(buf.capacity, 2 * inbuf_len(&buf) + INBUF_READ_BYTES);
    }
    check_bytes(&buf, inbuf_len(&buf), 0);
    inbuf_release(&buf, &pool);
    inbuf_pool_release(&pool);
}
END_TEST

/* Each page that is new costs a page fault, which a read must not have too many of. */
START_TEST(inbuf_reads_less_at_once_into_new_pages)
{
    struct inbuf_pool pool = { 0 };
    struct inbuf buf = { 0 };
    uint8_t next = 0;

    while (inbuf_len(&buf) < INBUF_SPARE_MAX_BYTES)
        ck_assert_uint_le(feed(&buf, &pool, SIZE_MAX, &next), INBUF_FRESH_BYTES);
    inbuf_consume(&buf, inbuf_len(&buf));
    inbuf_settle(&buf, &pool);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(feed(&buf, &pool, SIZE_MAX, &next), INBUF_READ_BYTES);
    inbuf_release(&buf, &pool);
    inbuf_pool_release(&pool);
}
END_TEST

START_TEST(inbuf_reads_little_beyond_a_large_message)
{
    struct inbuf_pool pool = { 0 };
    struct inbuf buf = { 0 };
    uint8_t next = 0;
    size_t message = ((size_t)1 << 20) + 1;

    feed(&buf, &pool, SIZE_MAX, &next);
    inbuf_expect(&buf, message);
    while (inbuf_len(&buf) < message)
        feed(&buf, &pool, SIZE_MAX, &next);
    ck_assert_uint_le(inbuf_len(&buf), message + INBUF_BEYOND_BYTES);
    inbuf_consume(&buf, message);
    inbuf_settle(&buf, &pool);
    inbuf_expect(&buf, 1000); /* of small ones many are read at once */
    ck_assert_uint_eq(feed(&buf, &pool, SIZE_MAX, &next), INBUF_READ_BYTES);
    inbuf_release(&buf, &pool);
    inbuf_pool_release(&pool);
}
END_TEST

START_TEST(inbuf_copies_little_to_give_memory_back)
{
    struct inbuf_pool pool = { 0 };
    struct inbuf buf = { 0 };
    uint8_t next = 0;
    size_t rest = INBUF_READ_BYTES / 2;

    while (inbuf_len(&buf) < ((size_t)1 << 20))
        feed(&buf, &pool, SIZE_MAX, &next);
    uint8_t first = (uint8_t)(next - rest);
    inbuf_consume(&buf, inbuf_len(&buf) - rest);
    inbuf_settle(&buf, &pool);
    check_bytes(&buf, rest, first);
    ck_assert_uint_eq(buf.capacity, INBUF_READ_BYTES);
    ck_assert_uint_eq(pool.count, 0); /* it was cut, not copied */
    inbuf_release(&buf, &pool);
    inbuf_pool_release(&pool);
}
END_TEST

START_TEST(inbuf_pool_keeps_a_few_buffers_and_one_that_is_larger)
{
    struct inbuf_pool pool = { 0 };
    struct inbuf bufs[INBUF_SPARES + 2] = { { 0 } };
    uint8_t next = 0;

    for (unsigned i = 0; i < INBUF_SPARES + 2; i++)
        feed(&bufs[i], &pool, 1000, &next);
    for (unsigned i = 0; i < 2; i++) {
        while (bufs[i].capacity == INBUF_READ_BYTES)
            feed(&bufs[i], &pool, SIZE_MAX, &next);
    }
    for (unsigned i = 0; i < INBUF_SPARES + 2; i++)
        inbuf_release(&bufs[i], &pool);
    ck_assert_uint_eq(pool.count, INBUF_SPARES);
    ck_assert_uint_gt(pool.spares[0].bytes, INBUF_READ_BYTES);
    for (unsigned i = 1; i < pool.count; i++)
        ck_assert_uint_eq(pool.spares[i].bytes, INBUF_READ_BYTES);
    inbuf_pool_release(&pool);
    ck_assert_uint_eq(pool.count, 0);
}
END_TEST

START_TEST(inbuf_stays_as_it_was_without_memory)
{
    struct inbuf_pool pool = { 0 };
    struct inbuf buf = { 0 };
    uint8_t next = 0;
    size_t room;

    failing_alloc_arm(0);
    ck_assert_ptr_null(inbuf_reserve(&buf, &pool, &room));
    ck_assert(failing_alloc_disarm());

    feed(&buf, &pool, 1000, &next);
    inbuf_consume(&buf, 10);
    failing_alloc_arm(0);
    inbuf_settle(&buf, &pool);
    ck_assert(failing_alloc_disarm());
    check_bytes(&buf, 990, 10);

    while (buf.end < buf.capacity)
        feed(&buf, &pool, SIZE_MAX, &next);
    inbuf_reserve(&buf, &pool, &room); /* moves the bytes to the front */
    while (buf.end < buf.capacity)
        feed(&buf, &pool, SIZE_MAX, &next);
    size_t len = inbuf_len(&buf);
    failing_alloc_arm(0);
    ck_assert_ptr_null(inbuf_reserve(&buf, &pool, &room));
    ck_assert(failing_alloc_disarm());
    check_bytes(&buf, len, 10);
    inbuf_release(&buf, &pool);
    inbuf_pool_release(&pool);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        inbuf_holds_no_memory_when_all_is_used,
        inbuf_keeps_the_rest_in_little_memory,
        inbuf_reads_much_after_reading_much,
        inbuf_grows_by_doubling_as_bytes_come_one_by_one,
        inbuf_grows_to_hold_one_large_message,
        inbuf_reads_less_at_once_into_new_pages,
        inbuf_reads_little_beyond_a_large_message,
        inbuf_copies_little_to_give_memory_back,
        inbuf_stays_as_it_was_without_memory,
        inbuf_pool_keeps_a_few_buffers_and_one_that_is_larger,
    };

    return RUN_SUITE("inbuf", tests);
}
