#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/table/row.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/table/fixture.h"

/* A row in memory of exactly the size that its layout asks for. */
static struct row *row_of(const struct slot_mask *slots, unsigned width, struct bytes_view key)
{
    struct row_layout layout;
    row_layout_plan(&layout, slots, width);
    size_t size = row_layout_bytes(&layout, key.len);
    struct row *row = malloc(size);
    ck_assert_ptr_nonnull(row);
    row_init(row, &layout, key);
    ck_assert_uint_eq(row_bytes(row), size);
    return row;
}

static struct slot_mask slots_of(unsigned n, const unsigned *slots)
{
    struct slot_mask mask = { { 0 } };
    for (unsigned i = 0; i < n; i++)
        slot_mask_set(&mask, slots[i]);
    return mask;
}

START_TEST(row_of_one_column_has_no_bitmap)
{
    const unsigned first = 0;
    struct slot_mask slots = slots_of(1, &first);
    struct row *row = row_of(&slots, 1, view("0123456789"));
    ck_assert(!row_is_packed(row));
    ck_assert_uint_eq(row_bytes(row), 24);
    ck_assert_int_eq(key_compare(row_key(row), view("0123456789")), 0);
    free(row);
}
END_TEST

START_TEST(row_is_packed_while_fewer_than_half_its_slots_are_used)
{
    const unsigned used[] = { 0, 3, 5, 6, 8, 10 };
    for (unsigned n = 1; n <= 6; n++) {
        struct slot_mask slots = slots_of(n, used);
        struct row *row = row_of(&slots, 11, view("key"));
        ck_assert_int_eq(row_is_packed(row), n < 6);
        ck_assert_uint_eq(row_cell_count(row), n < 6 ? n : 11);
        free(row);
    }
}
END_TEST

START_TEST(row_finds_each_cell_in_either_layout)
{
    struct random random;
    random_init(&random, "row");
    for (int round = 0; round < 300; round++) {
        struct slot_mask slots = { { 0 } };
        unsigned width = 1 + (unsigned)random_below(&random, SLOTS_MAX);
        uint64_t density = 1 + random_below(&random, 100);
        for (unsigned slot = 0; slot < width; slot++) {
            if (random_below(&random, 100) < density)
                slot_mask_set(&slots, slot);
        }
        struct row *row = row_of(&slots, width, view("some key"));
        const struct cell *last = row_cells(row) - 1;
        for (unsigned slot = 0; slot < SLOTS_MAX; slot++) {
            const struct cell *cell = row_cell(row, slot);
            bool expected = row_is_packed(row) ? slot_mask_has(&slots, slot) : slot < width;
            ck_assert_int_eq(cell != NULL, expected);
            if (cell == NULL)
                continue;
            ck_assert_ptr_eq(cell, last + 1);
            ck_assert_uint_eq(cell->word, 0);
            last = cell;
        }
        ck_assert_ptr_eq(last + 1, row_cells(row) + row_cell_count(row));
        free(row);
    }
}
END_TEST

START_TEST(row_slots_beyond_the_width_widen_it)
{
    const unsigned used[] = { 400 };
    struct slot_mask slots = slots_of(1, used);
    struct row *row = row_of(&slots, 3, view(""));
    ck_assert_uint_eq(row_width(row), 401);
    ck_assert_ptr_nonnull(row_cell(row, 400));
    ck_assert_ptr_null(row_cell(row, 401));
    free(row);
}
END_TEST

START_TEST(row_moves_its_cells_to_another_layout)
{
    const unsigned few[] = { 2, 70, 130 };
    const unsigned more[] = { 0, 2, 70, 129, 130, 131 };
    struct slot_mask slots = slots_of(3, few);
    struct slot_mask wider = slots_of(6, more);
    struct row *from = row_of(&slots, 200, view("k"));
    struct row *into = row_of(&wider, 200, view("k"));
    row_cell(from, 2)->word = 11;
    row_cell(from, 130)->word = 13;
    row_move_cells(into, from);
    ck_assert_uint_eq(row_cell(into, 2)->word, 11);
    ck_assert_uint_eq(row_cell(into, 70)->word, 0);
    ck_assert_uint_eq(row_cell(into, 130)->word, 13);
    ck_assert_uint_eq(row_cell(from, 130)->word, 0);
    struct slot_mask used = { { 0 } };
    row_used_slots(into, &used);
    ck_assert_uint_eq(slot_mask_next(&used, 0), 2);
    ck_assert_uint_eq(slot_mask_next(&used, 3), 130);
    ck_assert_uint_eq(slot_mask_next(&used, 131), SLOTS_MAX);
    free(from);
    free(into);
}
END_TEST

START_TEST(row_holds_the_longest_key_and_most_cells_in_a_block)
{
    uint8_t bytes[KEY_MAX_BYTES];
    memset(bytes, 'k', sizeof bytes);
    struct slot_mask slots = { { 0 } };
    for (unsigned slot = 0; slot < SLOTS_MAX; slot++)
        slot_mask_set(&slots, slot);
    struct row_layout layout;
    row_layout_plan(&layout, &slots, SLOTS_MAX);
    ck_assert_uint_le(row_layout_bytes(&layout, sizeof bytes), POOL_BLOCK_MAX);
    struct row *row = row_of(&slots, SLOTS_MAX, (struct bytes_view){ bytes, sizeof bytes });
    ck_assert_uint_eq(row_key_len(row), KEY_MAX_BYTES);
    ck_assert_uint_eq(row_width(row), SLOTS_MAX);
    free(row);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        row_of_one_column_has_no_bitmap,
        row_is_packed_while_fewer_than_half_its_slots_are_used,
        row_finds_each_cell_in_either_layout,
        row_slots_beyond_the_width_widen_it,
        row_moves_its_cells_to_another_layout,
        row_holds_the_longest_key_and_most_cells_in_a_block,
    };
    return RUN_SUITE("row", tests);
}
