/* Which changes a snapshot has already. */
#include <string.h>

#include "daemon/store/bounds.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"

static struct bytes_view view(const char *text)
{
    return (struct bytes_view){ (const uint8_t *)text, strlen(text) };
}

static void add(struct bounds *bounds, uint64_t table, uint32_t stream, uint64_t sequence,
                const char *last)
{
    struct bytes_view key = view(last != NULL ? last : "");
    ck_assert(
        bounds_add(bounds, table, stream, sequence, last != NULL ? &key : NULL, BOUND_WHOLE_ROW));
}

static bool covers(const struct bound_range *range, const char *key, uint64_t sequence)
{
    return bounds_missing(range, view(key), sequence) == 0;
}

START_TEST(slice_covers_keys_up_to_its_last)
{
    struct bounds bounds;
    bounds_init(&bounds);
    add(&bounds, 2, 5, 30, NULL); /* added as threads come to them */
    add(&bounds, 2, 5, 10, "d");
    add(&bounds, 2, 6, 99, NULL);
    add(&bounds, 2, 5, 20, "m");
    add(&bounds, 1, 5, 77, NULL);
    bounds_sort(&bounds);
    struct bound_range range = bounds_of(&bounds, 2, 5);
    ck_assert_uint_eq(range.count, 3);
    ck_assert_uint_eq(range.greatest, 30);
    ck_assert(covers(&range, "", 10));
    ck_assert(!covers(&range, "d", 11));
    ck_assert(covers(&range, "d", 10));
    ck_assert(covers(&range, "da", 20));
    ck_assert(!covers(&range, "m", 21));
    ck_assert(covers(&range, "zz", 30));
    ck_assert(!covers(&range, "zz", 31));
    bounds_release(&bounds);
}
END_TEST

START_TEST(slices_within_a_row_cover_its_columns)
{
    struct bounds bounds;
    struct bytes_view d = view("d");
    bounds_init(&bounds);
    add(&bounds, 1, 5, 40, NULL);
    ck_assert(bounds_add(&bounds, 1, 5, 20, &d, 9)); /* "d", columns 5 to 9 */
    ck_assert(bounds_add(&bounds, 1, 5, 10, &d, 4)); /* up to "d", column 4 */
    add(&bounds, 1, 5, 30, "f");                     /* "d" from column 10 on, up to "f" */
    bounds_sort(&bounds);
    struct bound_range range = bounds_of(&bounds, 1, 5);
    ck_assert_uint_eq(bounds_missing(&range, d, 10), 0);
    ck_assert_uint_eq(bounds_missing(&range, d, 11), 4);
    ck_assert_uint_eq(bounds_missing(&range, d, 20), 4);
    ck_assert_uint_eq(bounds_missing(&range, d, 21), 9);
    ck_assert_uint_eq(bounds_missing(&range, d, 30), 9);
    ck_assert_uint_eq(bounds_missing(&range, d, 31), BOUND_WHOLE_ROW);
    ck_assert_uint_eq(bounds_missing(&range, view("c"), 11), BOUND_WHOLE_ROW);
    ck_assert_uint_eq(bounds_missing(&range, view("da"), 30), 0);
    ck_assert_uint_eq(bounds_missing(&range, view("da"), 31), BOUND_WHOLE_ROW);
    ck_assert_uint_eq(bounds_missing(&range, view("g"), 40), 0);
    bounds_release(&bounds);
}
END_TEST

START_TEST(stream_without_slices_covers_nothing)
{
    struct bounds bounds;
    bounds_init(&bounds);
    bounds_sort(&bounds);
    struct bound_range range = bounds_of(&bounds, 1, 1);
    ck_assert(!covers(&range, "k", 1));
    add(&bounds, 1, 2, 9, NULL);
    bounds_sort(&bounds);
    range = bounds_of(&bounds, 1, 1);
    ck_assert_uint_eq(range.count, 0);
    ck_assert(!covers(&range, "k", 1));
    bounds_release(&bounds);
}
END_TEST

START_TEST(bounds_survive_every_failing_allocation)
{
    bool failed = true;
    for (long n = 0; failed; n++) {
        struct bounds bounds;
        struct bytes_view key = view("key");
        size_t added = 0;
        bounds_init(&bounds);
        failing_alloc_arm(n);
        while (added < 600 && bounds_add(&bounds, 1, (uint32_t)added, 1, &key, 3))
            added++;
        failed = failing_alloc_disarm();
        ck_assert(failed == (added < 600));
        ck_assert_uint_eq(bounds.count, added);
        bounds_release(&bounds);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        slice_covers_keys_up_to_its_last,
        slices_within_a_row_cover_its_columns,
        stream_without_slices_covers_nothing,
        bounds_survive_every_failing_allocation,
    };
    return RUN_SUITE("bounds", tests);
}
