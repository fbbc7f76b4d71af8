#include <check.h>
#include <stdlib.h>

#include "daemon/table/index.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/table/fixture.h"

static void put(struct index *index, uint32_t tag, uint32_t ref)
{
    ck_assert(index_reserve(index, tag));
    index_put(index, tag, ref);
}

static bool find(const struct index *index, uint32_t tag, uint32_t ref, struct index_probe *probe)
{
    uint32_t at = index_first(index, tag, probe);
    while (at != 0 && at != ref)
        at = index_next(probe, tag);
    return at != 0;
}

/* A tag from a number, each number its own: an odd factor is a bijection. */
static uint32_t tag_of(uint32_t i)
{
    return (i + 1) * UINT32_C(2654435761);
}

START_TEST(index_of_nothing_finds_nothing)
{
    struct index index;
    struct index_probe probe;
    index_init(&index);
    ck_assert_uint_eq(index_first(&index, 7, &probe), 0);
    ck_assert_uint_eq(index.held_bytes, 0);
    index_release(&index);
}
END_TEST

START_TEST(index_finds_what_was_put_while_it_grows)
{
    struct index index;
    struct index_probe probe;
    index_init(&index);
    for (uint32_t i = 0; i < 100000; i++) {
        put(&index, tag_of(i), i + 1);
        ck_assert(find(&index, tag_of(i / 2), i / 2 + 1, &probe));
        ck_assert(find(&index, tag_of(0), 1, &probe));
    }
    for (uint32_t i = 0; i < 100000; i++)
        ck_assert(find(&index, tag_of(i), i + 1, &probe));
    ck_assert_uint_eq(index_first(&index, tag_of(100000), &probe), 0);
    ck_assert_uint_lt(index.held_bytes, 100000 * 21);
    index_release(&index);
}
END_TEST

START_TEST(index_grows_by_a_segment_at_a_time)
{
    struct index index;
    index_init(&index);
    for (uint32_t i = 0; i < 50000; i++) {
        uint32_t segments = index.segment_count;
        put(&index, tag_of(i), i + 1);
        ck_assert_uint_le(index.segment_count, segments + 2);
        ck_assert_uint_le(index_segment_of(&index, tag_of(i))->bits, 9);
    }
    index_release(&index);
}
END_TEST

START_TEST(index_holds_any_number_of_equal_tags)
{
    struct index index;
    struct index_probe probe;
    index_init(&index);
    for (uint32_t i = 0; i < 3000; i++)
        put(&index, 0xabcdef01, i + 1);
    for (uint32_t i = 0; i < 3000; i++)
        ck_assert(find(&index, 0xabcdef01, i + 1, &probe));
    ck_assert_uint_lt(index.held_bytes, 200000);
    for (uint32_t i = 0; i < 3000; i++) {
        ck_assert(find(&index, 0xabcdef01, i + 1, &probe));
        index_remove(&probe);
    }
    ck_assert_uint_eq(index_first(&index, 0xabcdef01, &probe), 0);
    index_release(&index);
}
END_TEST

START_TEST(index_replaces_a_reference_in_its_place)
{
    struct index index;
    struct index_probe probe;
    index_init(&index);
    put(&index, 5, 50);
    put(&index, 5, 51);
    ck_assert(find(&index, 5, 50, &probe));
    index_replace(&probe, 52);
    ck_assert(!find(&index, 5, 50, &probe));
    ck_assert(find(&index, 5, 51, &probe));
    ck_assert(find(&index, 5, 52, &probe));
    index_release(&index);
}
END_TEST

#define TAGS 3000u

START_TEST(index_agrees_with_an_array_under_random_changes)
{
    struct random random;
    struct index index;
    struct index_probe probe;
    static bool held[TAGS];
    random_init(&random, "index");
    index_init(&index);
    for (uint32_t step = 0; step < 200000; step++) {
        uint32_t i = (uint32_t)random_below(&random, TAGS);
        uint32_t tag = tag_of(i) & UINT32_C(0xffff003f); /* many share a slot */
        ck_assert_int_eq(find(&index, tag, i + 1, &probe), held[i]);
        if (held[i])
            index_remove(&probe);
        else
            put(&index, tag, i + 1);
        held[i] = !held[i];
    }
    index_release(&index);
}
END_TEST

START_TEST(index_joins_segments_that_removals_left_half_empty)
{
    enum { PUT = 50000, KEPT = 4 };
    struct index index;
    struct index_probe probe;
    index_init(&index);
    for (uint32_t i = 0; i < PUT; i++)
        put(&index, tag_of(i), i + 1);
    uint32_t segments = index.segment_count;
    size_t held = index.held_bytes;
    for (uint32_t i = 0; i < PUT; i++) {
        if (i % KEPT != 0) {
            ck_assert(find(&index, tag_of(i), i + 1, &probe));
            index_remove(&probe);
        }
    }
    for (uint64_t tag = 0; index_join(&index, &tag, 3);)
        ck_assert_uint_le(tag, UINT32_MAX);
    ck_assert_uint_lt(index.segment_count, segments * 2 / 3);
    ck_assert_uint_lt(index.held_bytes, held * 2 / 3);
    for (uint32_t i = 0; i < PUT; i++)
        ck_assert_int_eq(find(&index, tag_of(i), i + 1, &probe), i % KEPT == 0);
    for (uint32_t i = 0; i < PUT; i++) {
        if (i % KEPT != 0)
            put(&index, tag_of(i), i + 1);
    }
    for (uint32_t i = 0; i < PUT; i++)
        ck_assert(find(&index, tag_of(i), i + 1, &probe));
    index_release(&index);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        index_of_nothing_finds_nothing,
        index_finds_what_was_put_while_it_grows,
        index_grows_by_a_segment_at_a_time,
        index_holds_any_number_of_equal_tags,
        index_replaces_a_reference_in_its_place,
        index_agrees_with_an_array_under_random_changes,
        index_joins_segments_that_removals_left_half_empty,
    };
    return RUN_SUITE("index", tests);
}
