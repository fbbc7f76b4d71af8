/* The values of a batch, put together by key, held against protobuf-c. */
#include <cardinal.pb-c.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "client/lib/gather.h"
#include "tests/unit/run_suite.h"

#define COLUMNS 5u
#define VALUES_MAX 300u

/* One value as it was added. */
struct added {
    struct gather_value value;
    const uint8_t *key;
    size_t key_len;
    uint32_t column;
    bool seen;
};

static struct gather gather = GATHER_INIT;
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

static void make_value(struct added *to, unsigned keys)
{
    unsigned key = next_random() % keys; /* the first one is empty */
    to->key = text + key;
    to->key_len = key * 3;
    to->column = next_random() % COLUMNS;
    to->seen = false;
    to->value = (struct gather_value){ .kind = (enum gather_kind)(next_random() % GATHER_KINDS) };
    if (to->value.kind == GATHER_STRING) {
        to->value.len = next_random() % (next_random() % 3 == 0 ? 400 : 8);
        to->value.string = text + next_random() % 1000;
    } else {
        to->value.bits = ((uint64_t)next_random() << 32 | next_random()) >> next_random() % 64;
    }
}

static bool is_same(const struct added *a, const struct added *b)
{
    return a->key == b->key && a->column == b->column && a->value.kind == GATHER_HASH &&
           b->value.kind == GATHER_HASH && a->value.bits == b->value.bits;
}

static size_t add_value(struct added *to, unsigned index)
{
    if (to->value.kind != GATHER_HASH) {
        ck_assert(gather_add(&gather, to->key, to->key_len, to->column, &to->value));
        return gather_value_bound(to->key_len, &to->value);
    }
    for (unsigned i = 0; i < index && !to->seen; i++)
        to->seen = is_same(&added[i], to); /* a repeated hash is not sent */
    ck_assert(gather_add_hash(&gather, to->key, to->key_len, to->column, to->value.bits));
    return gather_hash_bound(to->key_len);
}

static Cardinal__V1__Ingest *write_out(void)
{
    size_t bound = gather.bound;
    size_t len = gather_measure(&gather);
    uint8_t *out = malloc(len + 1);
    ck_assert_uint_le(len, bound);
    ck_assert_ptr_eq(gather_write(&gather, out), out + len);
    ck_assert_uint_eq(gather.bound, 0);
    Cardinal__V1__Ingest *ingest = cardinal__v1__ingest__unpack(NULL, len, out);
    ck_assert_ptr_nonnull(ingest);
    free(out);
    return ingest;
}

static uint64_t zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

/* Marks the first value not yet seen of that place and kind, which must be this. */
static void expect(const Cardinal__V1__Row *row, uint32_t column, enum gather_kind kind,
                   uint64_t bits, ProtobufCBinaryData string)
{
    for (unsigned i = 0; i < VALUES_MAX; i++) {
        struct added *one = &added[i];
        if (one->seen || one->column != column || one->value.kind != kind ||
            one->key_len != row->key.len)
            continue;
        if (row->key.len > 0 && memcmp(one->key, row->key.data, row->key.len) != 0)
            continue;
        one->seen = true;
        if (kind == GATHER_STRING) {
            ck_assert_uint_eq(one->value.len, string.len);
            ck_assert(string.len == 0 || memcmp(one->value.string, string.data, string.len) == 0);
        } else {
            ck_assert_uint_eq(one->value.bits, bits);
        }
        return;
    }
    ck_abort_msg("a value that was not added");
}

static void check_cell(const Cardinal__V1__Row *row, const Cardinal__V1__Cell *cell)
{
    const ProtobufCBinaryData none = { 0, NULL };
    for (size_t i = 0; i < cell->n_hashes; i++)
        expect(row, cell->column, GATHER_HASH, cell->hashes[i], none);
    for (size_t i = 0; i < cell->n_strings; i++)
        expect(row, cell->column, GATHER_STRING, 0, cell->strings[i]);
    for (size_t i = 0; i < cell->n_ints; i++)
        expect(row, cell->column, GATHER_INT, zigzag(cell->ints[i]), none);
    for (size_t i = 0; i < cell->n_doubles; i++) {
        uint64_t bits;
        memcpy(&bits, &cell->doubles[i], sizeof bits);
        expect(row, cell->column, GATHER_DOUBLE, bits, none);
    }
}

static void check_row(const Cardinal__V1__Ingest *ingest, size_t at)
{
    const Cardinal__V1__Row *row = ingest->rows[at];
    for (size_t i = 0; i < at; i++)
        ck_assert(row->key.len != ingest->rows[i]->key.len); /* each length is another key */
    for (size_t i = 0; i < row->n_cells; i++) {
        for (size_t j = 0; j < i; j++)
            ck_assert_uint_ne(row->cells[j]->column, row->cells[i]->column);
        check_cell(row, row->cells[i]);
    }
}

START_TEST(message_is_what_protobuf_reads)
{
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)next_random();
    for (int round = 0; round < 200; round++) {
        unsigned keys = 1 + next_random() % 50;
        for (unsigned i = 0; i < VALUES_MAX; i++) {
            make_value(&added[i], keys);
            size_t before = gather.bound;
            size_t most = add_value(&added[i], i);
            ck_assert_uint_le(gather.bound - before, most);
            ck_assert_uint_eq(gather.added, i + 1);
        }
        Cardinal__V1__Ingest *ingest = write_out();
        for (size_t i = 0; i < ingest->n_rows; i++)
            check_row(ingest, i);
        for (unsigned i = 0; i < VALUES_MAX; i++)
            ck_assert(added[i].seen);
        cardinal__v1__ingest__free_unpacked(ingest, NULL);
    }
    gather_release(&gather);
}
END_TEST

START_TEST(repeated_hash_is_sent_once_per_cell)
{
    for (uint64_t i = 0; i < 3000; i++) {
        ck_assert(gather_add_hash(&gather, i % 2 == 0 ? "a" : "b", 1, i % 3 == 0, i % 12));
        ck_assert(gather_add_hash(&gather, "c", 1, 0, i));
    }
    ck_assert_uint_eq(gather.added, 6000);
    ck_assert_uint_eq(gather.count, 12 + 3000);
    Cardinal__V1__Ingest *ingest = write_out();
    ck_assert_uint_eq(ingest->n_rows, 3);
    ck_assert_uint_eq(ingest->rows[0]->n_cells, 2);
    ck_assert_uint_eq(ingest->rows[0]->cells[0]->column, 1);
    ck_assert_uint_eq(ingest->rows[0]->cells[0]->n_hashes, 2);
    ck_assert_uint_eq(ingest->rows[0]->cells[1]->n_hashes, 4);
    cardinal__v1__ingest__free_unpacked(ingest, NULL);
    gather_release(&gather);
}
END_TEST

START_TEST(next_message_knows_nothing_of_the_last)
{
    for (int round = 0; round < 3; round++) {
        for (uint64_t i = 0; i < 100; i++)
            ck_assert(gather_add_hash(&gather, "k", 1, 0, i));
        ck_assert_uint_eq(gather.count, 100);
        Cardinal__V1__Ingest *ingest = write_out();
        ck_assert_uint_eq(ingest->rows[0]->cells[0]->n_hashes, 100);
        cardinal__v1__ingest__free_unpacked(ingest, NULL);
    }
    gather_release(&gather);
}
END_TEST

/* The slots are counted with the highest bits of a multiplied hash: these have
 * few of them. */
static uint64_t colliding(uint64_t i)
{
    uint64_t inverse = UINT64_C(0x9e3779b97f4a7c15);
    for (int step = 0; step < 5; step++) /* Newton's, modulo 2^64 */
        inverse *= 2 - UINT64_C(0x9e3779b97f4a7c15) * inverse;
    return i * inverse;
}

START_TEST(colliding_hashes_are_all_sent)
{
    for (uint64_t i = 0; i < 20000; i++)
        ck_assert(gather_add_hash(&gather, "k", 1, 0, colliding(i)));
    ck_assert_uint_eq(gather.count, 20000);
    for (uint64_t i = 0; i < 10; i++) /* those found near their place are known */
        ck_assert(gather_add_hash(&gather, "k", 1, 0, colliding(i)));
    ck_assert_uint_eq(gather.count, 20000);
    Cardinal__V1__Ingest *ingest = write_out();
    ck_assert_uint_eq(ingest->rows[0]->cells[0]->n_hashes, 20000);
    cardinal__v1__ingest__free_unpacked(ingest, NULL);
    gather_release(&gather);
}
END_TEST

START_TEST(slots_are_emptied_when_numbers_run_out)
{
    struct slots slots = { 0 };
    ck_assert(slots_resize(&slots, 4));
    slots_set(&slots, 3, 7);
    ck_assert_uint_eq(slots_number(&slots, 3), 7);
    slots_clear(&slots, UINT32_MAX / 2 + 1);
    ck_assert(!slots_used(&slots, 3));
    ck_assert_uint_eq(slots.base, 0);
    slots_release(&slots);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        message_is_what_protobuf_reads,         repeated_hash_is_sent_once_per_cell,
        next_message_knows_nothing_of_the_last, colliding_hashes_are_all_sent,
        slots_are_emptied_when_numbers_run_out,
    };
    return RUN_SUITE("client_gather", tests);
}
