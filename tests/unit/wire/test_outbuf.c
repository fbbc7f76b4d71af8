#include <stdlib.h>
#include <string.h>

#include "daemon/wire/outbuf.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"

static void append(struct outbuf *buf, const char *text)
{
    size_t len = strlen(text);
    ck_assert_int_eq(outbuf_reserve(buf, len), ST_OK);
    memcpy(buf->data + buf->len, text, len);
    buf->len += len;
}

START_TEST(bytes_stay_while_it_grows)
{
    struct outbuf buf;
    outbuf_init(&buf);
    for (int i = 0; i < 1000; i++)
        append(&buf, "0123456789");
    ck_assert_uint_eq(buf.len, 10000);
    for (size_t i = 0; i < buf.len; i++)
        ck_assert_int_eq(buf.data[i], '0' + (int)(i % 10));
    outbuf_release(&buf);
    ck_assert_uint_eq(buf.capacity, 0);
}
END_TEST

START_TEST(taken_bytes_belong_to_the_taker)
{
    struct outbuf buf;
    size_t len = 1;
    outbuf_init(&buf);
    ck_assert_ptr_null(outbuf_take(&buf, &len));
    ck_assert_uint_eq(len, 0);
    append(&buf, "abc");
    uint8_t *data = outbuf_take(&buf, &len);
    ck_assert_uint_eq(len, 3);
    ck_assert_mem_eq(data, "abc", 3);
    ck_assert_uint_eq(buf.len, 0);
    append(&buf, "def");
    ck_assert_mem_eq(data, "abc", 3);
    free(data);
    outbuf_release(&buf);
}
END_TEST

START_TEST(taking_nothing_frees_reserved_room)
{
    struct outbuf buf;
    size_t len;
    outbuf_init(&buf);
    ck_assert_int_eq(outbuf_reserve(&buf, 10), ST_OK);
    ck_assert_ptr_null(outbuf_take(&buf, &len));
    ck_assert_uint_eq(buf.capacity, 0);
}
END_TEST

START_TEST(failed_growth_changes_nothing)
{
    struct outbuf buf;
    outbuf_init(&buf);
    append(&buf, "abc");
    failing_alloc_arm(0);
    ck_assert_int_eq(outbuf_reserve(&buf, 100000), ST_RESOURCE_EXHAUSTED);
    ck_assert(failing_alloc_disarm());
    ck_assert_int_eq(outbuf_reserve(&buf, SIZE_MAX - 1), ST_RESOURCE_EXHAUSTED);
    ck_assert_uint_eq(buf.len, 3);
    ck_assert_mem_eq(buf.data, "abc", 3);
    outbuf_release(&buf);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        bytes_stay_while_it_grows,
        taken_bytes_belong_to_the_taker,
        taking_nothing_frees_reserved_room,
        failed_growth_changes_nothing,
    };
    return RUN_SUITE("outbuf", tests);
}
