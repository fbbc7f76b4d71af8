#include <check.h>
#include <stdint.h>
#include <string.h>

#include "proto/frame.h"
#include "tests/unit/run_suite.h"

START_TEST(header_round_trips)
{
    static const size_t lengths[] = { 0, 1, 255, 256, 65535, 65536, 0x01020304, UINT32_MAX };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint8_t header[FRAME_HEADER_BYTES];
        const uint8_t *payload = NULL;
        size_t len = 0;
        frame_put_header(header, lengths[i]);
        enum frame_state state = frame_peek(header, sizeof header, SIZE_MAX, &payload, &len);
        ck_assert_uint_eq(len, lengths[i]);
        ck_assert_int_eq(state, lengths[i] == 0 ? FRAME_WHOLE : FRAME_PARTIAL);
    }
}
END_TEST

START_TEST(length_is_big_endian)
{
    static const uint8_t bytes[] = { 0, 0, 0, 2, 'a', 'b', 'c' };
    const uint8_t *payload = NULL;
    size_t len = 0;
    ck_assert_int_eq(frame_peek(bytes, sizeof bytes, 16, &payload, &len), FRAME_WHOLE);
    ck_assert_uint_eq(len, 2);
    ck_assert_ptr_eq(payload, bytes + FRAME_HEADER_BYTES);
}
END_TEST

START_TEST(every_proper_prefix_is_partial)
{
    static const uint8_t bytes[] = { 0, 0, 0, 3, 'a', 'b', 'c' };
    for (size_t n = 0; n < sizeof bytes; n++) {
        const uint8_t *payload = NULL;
        size_t len = 99;
        ck_assert_int_eq(frame_peek(bytes, n, 16, &payload, &len), FRAME_PARTIAL);
        ck_assert_uint_eq(len, n < FRAME_HEADER_BYTES ? 0 : 3);
        ck_assert_ptr_null(payload);
    }
}
END_TEST

START_TEST(length_over_the_cap_is_seen_from_the_header)
{
    static const uint8_t bytes[] = { 0, 0, 0, 17 };
    const uint8_t *payload = NULL;
    size_t len = 0;
    ck_assert_int_eq(frame_peek(bytes, sizeof bytes, 16, &payload, &len), FRAME_OVERSIZED);
    ck_assert_uint_eq(len, 17);
    ck_assert_int_eq(frame_peek(bytes, sizeof bytes, 17, &payload, &len), FRAME_PARTIAL);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        header_round_trips,
        length_is_big_endian,
        every_proper_prefix_is_partial,
        length_over_the_cap_is_seen_from_the_header,
    };
    return RUN_SUITE("frame", tests);
}
