#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/ingest_reference.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/wire/random_ingest.h"

#define MESSAGES 60000u
#define SEED UINT64_C(20260101)

/* In memory of its exact size, so that a read past the end is seen. */
static const char *difference_of(const uint8_t *bytes, size_t len)
{
    uint8_t *body = malloc(len + (len == 0));
    ck_assert_ptr_nonnull(body);
    memcpy(body, bytes, len);
    const char *difference = ingest_difference((struct bytes_view){ body, len });
    free(body);
    return difference;
}

START_TEST(random_messages_mean_what_protobuf_c_says)
{
    uint64_t state = SEED;
    uint8_t bytes[RANDOM_INGEST_MAX];
    for (uint32_t i = 0; i < MESSAGES; i++) {
        size_t len = random_ingest(&state, bytes);
        const char *difference = difference_of(bytes, len);
        ck_assert_msg(difference == NULL, "seed %" PRIu64 ", message %u: %s", SEED, i, difference);
    }
    /* The test is about batches, not only about refusals. */
    ck_assert_uint_gt(ingest_accepted(), MESSAGES / 5);
    ck_assert_uint_lt(ingest_accepted(), MESSAGES - MESSAGES / 5);
}
END_TEST

START_TEST(every_cut_of_a_message_is_judged_alike)
{
    uint64_t state = SEED + 1;
    uint8_t bytes[RANDOM_INGEST_MAX];
    for (int i = 0; i < 30; i++) {
        size_t len = random_ingest(&state, bytes);
        for (size_t cut = 0; cut <= len; cut++) {
            const char *difference = difference_of(bytes, cut);
            ck_assert_msg(difference == NULL, "message %d, %zu bytes: %s", i, cut, difference);
        }
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        random_messages_mean_what_protobuf_c_says,
        every_cut_of_a_message_is_judged_alike,
    };
    return RUN_SUITE("ingest_differential", tests);
}
