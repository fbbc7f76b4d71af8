/* The small parts: bytes, arena, options, and rows held against protobuf-c. */
#include <cardinal.pb-c.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "client/lib/arena.h"
#include "client/lib/bytes.h"
#include "client/lib/options.h"
#include "client/lib/row_builder.h"
#include "tests/unit/run_suite.h"

#define COLUMNS 5u
#define VALUES_MAX 40u

START_TEST(varints_have_the_size_they_say)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        for (int less = 0; less < 2; less++) {
            uint8_t out[VARINT_MAX_BYTES];
            uint64_t value = (UINT64_C(1) << bit) - (uint64_t)less;
            ck_assert_uint_eq((size_t)(varint_put(out, value) - out), varint_size(value));
        }
    }
    ck_assert_uint_eq(varint_size(UINT64_MAX), VARINT_MAX_BYTES);
}
END_TEST

START_TEST(bytes_are_consumed_from_the_front)
{
    struct bytes bytes = { 0 };
    ck_assert(bytes_reserve(&bytes, 5));
    bytes_append(&bytes, "abcde", 5);
    bytes_consume(&bytes, 2);
    ck_assert_uint_eq(bytes.len, 3);
    ck_assert_mem_eq(bytes.data, "cde", 3);
    ck_assert(!bytes_reserve(&bytes, SIZE_MAX));
    ck_assert_uint_eq(bytes.len, 3);
    bytes_release(&bytes);
}
END_TEST

START_TEST(arena_keeps_to_its_cap)
{
    struct arena *arena = arena_new(1000);
    ck_assert_ptr_nonnull(arena_alloc(arena, 600));
    ck_assert_ptr_null(arena_alloc(arena, 600));
    ck_assert(arena->over_cap);
    ck_assert_ptr_null(arena_array(arena, SIZE_MAX / 2, 4));
    arena_free(arena);
}
END_TEST

START_TEST(arena_pieces_are_aligned_and_apart)
{
    struct arena *arena = arena_new(SIZE_MAX);
    char *text = arena_copy(arena, "abc", 3);
    uint64_t *words = arena_array(arena, 100000, sizeof *words);
    ck_assert_ptr_nonnull(words);
    ck_assert_uint_eq((uintptr_t)words % _Alignof(max_align_t), 0);
    for (size_t i = 0; i < 100000; i++)
        ck_assert_uint_eq(words[i], 0);
    ck_assert_str_eq(text, "abc");
    arena_free(arena);
}
END_TEST

START_TEST(options_of_an_older_header_leave_the_rest_unset)
{
    struct {
        size_t size;
        int a;
        int b;
    } out = { 0 }, given = { .size = sizeof(size_t) + sizeof(int), .a = 1, .b = 2 };
    ck_assert(options_copy(&out, sizeof out, &given));
    ck_assert_int_eq(out.a, 1);
    ck_assert_int_eq(out.b, 0);
}
END_TEST

/* One value as it was added. */
struct added {
    struct row_value value;
    uint32_t column;
    bool seen;
};

static struct added added[VALUES_MAX];
static uint8_t text[4096];

static uint64_t random_state = 20; /* the same values in every run */

static uint32_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32);
}

static void make_value(struct added *to)
{
    to->column = next_random() % COLUMNS;
    to->seen = false;
    to->value = (struct row_value){ .kind = (enum row_kind)(next_random() % ROW_KINDS) };
    if (to->value.kind == ROW_STRING) {
        to->value.len = next_random() % (next_random() % 3 == 0 ? 400 : 8);
        to->value.string = text + next_random() % 1000;
    } else {
        to->value.bits = ((uint64_t)next_random() << 32 | next_random()) >> next_random() % 64;
    }
}

static uint64_t zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

/* Marks the first value not yet seen of that column and kind, which must be this. */
static void expect(uint32_t column, enum row_kind kind, uint64_t bits, ProtobufCBinaryData string)
{
    for (unsigned i = 0; i < VALUES_MAX; i++) {
        struct added *one = &added[i];
        if (one->seen || one->column != column || one->value.kind != kind)
            continue;
        one->seen = true;
        if (kind == ROW_STRING) {
            ck_assert_uint_eq(one->value.len, string.len);
            ck_assert(string.len == 0 || memcmp(one->value.string, string.data, string.len) == 0);
        } else {
            ck_assert_uint_eq(one->value.bits, bits);
        }
        return;
    }
    ck_abort_msg("a value that was not added");
}

static size_t check_cell(const Cardinal__V1__Cell *cell)
{
    const ProtobufCBinaryData none = { 0, NULL };
    for (size_t i = 0; i < cell->n_hashes; i++)
        expect(cell->column, ROW_HASH, cell->hashes[i], none);
    for (size_t i = 0; i < cell->n_strings; i++)
        expect(cell->column, ROW_STRING, 0, cell->strings[i]);
    for (size_t i = 0; i < cell->n_ints; i++)
        expect(cell->column, ROW_INT, zigzag(cell->ints[i]), none);
    for (size_t i = 0; i < cell->n_doubles; i++) {
        uint64_t bits;
        memcpy(&bits, &cell->doubles[i], sizeof bits);
        expect(cell->column, ROW_DOUBLE, bits, none);
    }
    return cell->n_hashes + cell->n_strings + cell->n_ints + cell->n_doubles;
}

START_TEST(rows_are_what_protobuf_reads)
{
    struct row_builder row;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)next_random();
    ck_assert(row_builder_init(&row, COLUMNS));
    for (int round = 0; round < 200; round++) {
        struct bytes out = { 0 };
        size_t key_len = next_random() % 200;
        size_t values = 0;
        ck_assert(row_builder_open(&row, text, key_len));
        for (unsigned i = 0; i < VALUES_MAX; i++) {
            make_value(&added[i]);
            size_t before = row_builder_bound(&row);
            ck_assert(row_builder_add(&row, added[i].column, &added[i].value));
            ck_assert_uint_le(row_builder_bound(&row) - before,
                              row_builder_value_bound(0, &added[i].value));
        }
        size_t bound = row_builder_bound(&row);
        ck_assert(row_builder_write(&row, &out));
        ck_assert_uint_le(out.len, bound);
        Cardinal__V1__Ingest *ingest = cardinal__v1__ingest__unpack(NULL, out.len, out.data);
        ck_assert_ptr_nonnull(ingest);
        ck_assert_uint_eq(ingest->n_rows, 1);
        ck_assert_uint_eq(ingest->rows[0]->key.len, key_len);
        for (size_t i = 0; i < ingest->rows[0]->n_cells; i++) {
            for (size_t j = 0; j < i; j++)
                ck_assert_uint_ne(ingest->rows[0]->cells[j]->column,
                                  ingest->rows[0]->cells[i]->column);
            values += check_cell(ingest->rows[0]->cells[i]);
        }
        ck_assert_uint_eq(values, VALUES_MAX);
        cardinal__v1__ingest__free_unpacked(ingest, NULL);
        bytes_release(&out);
    }
    row_builder_release(&row);
}
END_TEST

START_TEST(row_without_values_writes_nothing)
{
    struct row_builder row;
    struct bytes out = { 0 };
    ck_assert(row_builder_init(&row, COLUMNS));
    ck_assert(row_builder_open(&row, "k", 1));
    ck_assert(row_builder_is_at(&row, "k", 1));
    ck_assert(!row_builder_is_at(&row, "", 0));
    ck_assert(row_builder_write(&row, &out));
    ck_assert_uint_eq(out.len, 0);
    ck_assert(!row_builder_is_at(&row, "k", 1));
    bytes_release(&out);
    row_builder_release(&row);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        varints_have_the_size_they_say,
        bytes_are_consumed_from_the_front,
        arena_keeps_to_its_cap,
        arena_pieces_are_aligned_and_apart,
        options_of_an_older_header_leave_the_rest_unset,
        rows_are_what_protobuf_reads,
        row_without_values_writes_nothing,
    };
    return RUN_SUITE("client_parts", tests);
}
