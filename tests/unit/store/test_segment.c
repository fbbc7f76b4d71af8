#include "daemon/store/segment.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/store/directory.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/store/scratch.h"

static struct scratch scratch;
static struct scratch_segment segment;

/* Two settled blocks, then a group of two that is not. */
#define BLOCKS 4u
static uint64_t offsets[BLOCKS];

static void make(void)
{
    scratch_init(&scratch);
    scratch_begin(&scratch, &segment, 3);
    offsets[0] = scratch_block(&segment, 'a', 10);
    scratch_settle(&segment);
    offsets[1] = scratch_block(&segment, 'b', 64);
    scratch_settle(&segment);
    offsets[2] = scratch_block(&segment, 'c', 1);
    offsets[3] = scratch_block(&segment, 'd', 200);
}

static void unmake(void)
{
    scratch_end(&segment);
    scratch_release(&scratch);
}

/* What reading from first to last comes to. */
struct outcome {
    unsigned blocks;
    enum segment_state state; /* that was not a block, the first one */
    uint64_t offset;          /* of it */
    unsigned after;           /* blocks behind it */
};

static struct outcome read_all(void)
{
    struct outcome outcome = { .state = SEGMENT_BLOCK };
    struct segment_reader reader;
    struct error err;
    enum segment_state state = SEGMENT_BLOCK;
    ck_assert_int_eq(segment_open(&reader, scratch.directory, 3, &err), ST_OK);
    while (state != SEGMENT_END) {
        struct bytes_view payload;
        ck_assert_int_eq(segment_next(&reader, &state, &payload, &err), ST_OK);
        if (state != SEGMENT_BLOCK && outcome.state == SEGMENT_BLOCK) {
            outcome.state = state;
            outcome.offset = reader.offset;
        } else if (state == SEGMENT_BLOCK && outcome.state == SEGMENT_BLOCK) {
            ck_assert_uint_eq(payload.data[payload.len - 1], 'a' + outcome.blocks);
            outcome.blocks++;
        } else if (state == SEGMENT_BLOCK) {
            outcome.after++;
        }
    }
    segment_close(&reader);
    return outcome;
}

START_TEST(segment_gives_its_blocks_in_order)
{
    make();
    struct segment_reader reader;
    ck_assert_int_eq(segment_open(&reader, scratch.directory, 3, NULL), ST_OK);
    ck_assert_uint_eq(reader.header.run, 77);
    ck_assert_uint_eq(reader.header.begun_ms, 5);
    segment_close(&reader);
    struct outcome outcome = read_all();
    ck_assert_uint_eq(outcome.blocks, BLOCKS);
    ck_assert_int_eq(outcome.state, SEGMENT_END);
    unmake();
}
END_TEST

START_TEST(every_cut_is_torn_at_the_block_it_hits)
{
    make();
    for (uint64_t size = segment.size; size-- > 0;) {
        scratch_cut(&segment, size);
        struct outcome outcome = read_all();
        unsigned whole = 0;
        while (whole < BLOCKS && offsets[whole] < size &&
               (whole + 1 < BLOCKS ? offsets[whole + 1] : segment.size) <= size)
            whole++;
        bool at_end = size == (whole < BLOCKS ? offsets[whole] : segment.size);
        ck_assert_uint_eq(outcome.blocks, whole);
        ck_assert_int_eq(outcome.state, at_end ? SEGMENT_END : SEGMENT_TORN);
        if (!at_end)
            ck_assert_uint_eq(outcome.offset, size < SEGMENT_HEADER_BYTES ? 0 : offsets[whole]);
    }
    unmake();
}
END_TEST

START_TEST(every_flipped_bit_is_damage_but_for_what_never_settled)
{
    make();
    for (uint64_t at = SEGMENT_HEADER_BYTES; at < segment.size; at++) {
        unsigned hit = BLOCKS - 1;
        while (offsets[hit] > at)
            hit--;
        for (unsigned bit = 0; bit < 8; bit++) {
            scratch_flip(&segment, at, (uint8_t)(1u << bit));
            struct outcome outcome = read_all();
            ck_assert_uint_eq(outcome.blocks, hit);
            ck_assert_int_eq(outcome.state, hit < 2 ? SEGMENT_DAMAGED : SEGMENT_TORN);
            ck_assert_uint_eq(outcome.offset, offsets[hit]);
            ck_assert_uint_eq(outcome.after, BLOCKS - 1 - hit);
            scratch_flip(&segment, at, (uint8_t)(1u << bit));
        }
    }
    unmake();
}
END_TEST

START_TEST(flipped_bit_of_the_header_is_damage_where_blocks_follow)
{
    make();
    for (uint64_t at = 0; at < SEGMENT_HEADER_BYTES; at++) {
        scratch_flip(&segment, at, 0x10);
        struct outcome outcome = read_all();
        ck_assert_int_eq(outcome.state, SEGMENT_DAMAGED);
        ck_assert_uint_eq(outcome.offset, 0);
        scratch_flip(&segment, at, 0x10);
    }
    scratch_cut(&segment, SEGMENT_HEADER_BYTES);
    scratch_flip(&segment, 20, 1);
    ck_assert_int_eq(read_all().state, SEGMENT_TORN);
    unmake();
}
END_TEST

START_TEST(block_of_another_segment_is_none_of_this_one)
{
    make();
    struct scratch_segment other = segment;
    uint64_t size = segment.size;
    other.seed++;
    other.settled = other.size;
    scratch_block(&other, 'x', 8);
    struct outcome outcome = read_all();
    ck_assert_uint_eq(outcome.blocks, BLOCKS);
    ck_assert_int_eq(outcome.state, SEGMENT_TORN);
    ck_assert_uint_eq(outcome.offset, size);
    unmake();
}
END_TEST

START_TEST(block_that_comes_twice_is_no_block)
{
    make();
    segment.blocks = 2;
    scratch_block(&segment, 'c', 1);
    struct outcome outcome = read_all();
    ck_assert_uint_eq(outcome.blocks, BLOCKS);
    ck_assert_int_eq(outcome.state, SEGMENT_TORN);
    unmake();
}
END_TEST

START_TEST(newer_version_is_refused_by_name)
{
    uint8_t header[SEGMENT_HEADER_BYTES];
    struct segment_reader reader;
    struct error err;
    make();
    ck_assert_int_eq(pread(segment.fd, header, sizeof header, 0), sizeof header);
    header[8] = 2;
    segment_seal_header(header);
    ck_assert_int_eq(pwrite(segment.fd, header, sizeof header, 0), sizeof header);
    ck_assert_int_eq(segment_open(&reader, scratch.directory, 3, &err), ST_FAILED_PRECONDITION);
    ck_assert_str_eq(err.text, "'journal-0000000000000003' is of version 2, this daemon reads up "
                               "to version 1");
    unmake();
}
END_TEST

START_TEST(segment_that_was_renamed_is_not_taken)
{
    char from[STORE_NAME_BYTES];
    char to[STORE_NAME_BYTES];
    make();
    struct segment_reader reader;
    enum segment_state state;
    struct bytes_view payload;
    store_segment_name(from, 3);
    store_segment_name(to, 4);
    ck_assert_int_eq(renameat(scratch.directory, from, scratch.directory, to), 0);
    ck_assert_int_eq(segment_open(&reader, scratch.directory, 3, NULL), ST_NOT_FOUND);
    ck_assert_int_eq(segment_open(&reader, scratch.directory, 4, NULL), ST_OK);
    ck_assert_int_eq(segment_next(&reader, &state, &payload, NULL), ST_OK);
    ck_assert_int_eq(state, SEGMENT_DAMAGED);
    segment_close(&reader);
    unmake();
}
END_TEST

START_TEST(reading_without_memory_says_so)
{
    make();
    scratch_flip(&segment, offsets[1], 1);
    long n = 0;
    bool failed;
    do {
        struct segment_reader reader;
        enum segment_state state = SEGMENT_BLOCK;
        enum status status = ST_OK;
        struct bytes_view payload;
        ck_assert_int_eq(segment_open(&reader, scratch.directory, 3, NULL), ST_OK);
        failing_alloc_arm(n++);
        while (status == ST_OK && state != SEGMENT_END)
            status = segment_next(&reader, &state, &payload, NULL);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(status, failed ? ST_RESOURCE_EXHAUSTED : ST_OK);
        segment_close(&reader);
    } while (failed);
    ck_assert_int_gt(n, 2);
    unmake();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        segment_gives_its_blocks_in_order,
        every_cut_is_torn_at_the_block_it_hits,
        every_flipped_bit_is_damage_but_for_what_never_settled,
        flipped_bit_of_the_header_is_damage_where_blocks_follow,
        block_of_another_segment_is_none_of_this_one,
        block_that_comes_twice_is_no_block,
        newer_version_is_refused_by_name,
        segment_that_was_renamed_is_not_taken,
        reading_without_memory_says_so,
    };
    return RUN_SUITE("segment", tests);
}
