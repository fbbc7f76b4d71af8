/* What docs/protocol.md shows byte by byte is what the code reads and writes. */
#include <stdio.h>
#include <string.h>

#include "daemon/wire/ingest.h"
#include "daemon/wire/reply.h"
#include "daemon/wire/request.h"
#include "proto/frame.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/wire/hex.h"
#include "tests/unit/wire/packed.h"

static const char *const request_lines[] = {
    "00 00 00 2b ",
    "08 07 ",
    "10 f4 03 ",
    "8a 01 23 ",
    "0a 06 76 69 73 69 74 73 ",
    "1a 04 75 73 65 72 ",
    "22 13 ",
    "0a 05 2f 68 6f 6d 65 ",
    "12 0a ",
    "1a 03 61 6e 6e ",
    "1a 03 62 6f 62 ",
};

static const char *const reply_lines[] = {
    "00 00 00 0b ", "08 07 ", "8a 01 06 ", "08 01 ", "10 02 ", "18 02 ",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char document[1 << 17];

static void read_document(void)
{
    FILE *file = fopen(PROTOCOL_DOC, "r");
    ck_assert_msg(file != NULL, "cannot open %s", PROTOCOL_DOC);
    size_t len = fread(document, 1, sizeof document - 1, file);
    fclose(file);
    ck_assert_uint_gt(len, 0);
    ck_assert_uint_lt(len, sizeof document - 1);
    document[len] = '\0';
}

/* The bytes of lines that must stand in the document one after the other. */
static size_t shown(const char *const *lines, size_t count, uint8_t *out, size_t size)
{
    const char *at = document;
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        at = strstr(at, lines[i]);
        ck_assert_msg(at != NULL, "'%s' is not in the document, or not in its place", lines[i]);
        at += strlen(lines[i]);
        len += hex_decode(lines[i], out + len, size - len);
    }
    return len;
}

START_TEST(frame_shown_is_the_batch_told)
{
    uint8_t bytes[128];
    struct bytes_view payload;
    struct request_head head;
    struct ingest_head ingest;
    struct batch batch;
    struct arena arena;
    struct value_hasher hasher;
    read_document();
    size_t len = shown(request_lines, COUNT(request_lines), bytes, sizeof bytes);
    ck_assert_int_eq(frame_peek(bytes, len, FRAME_MAX_DEFAULT, &payload.data, &payload.len),
                     FRAME_WHOLE);
    ck_assert_uint_eq(payload.len + FRAME_HEADER_BYTES, len);
    ck_assert_int_eq(request_peek(payload, &head, NULL), ST_OK);
    ck_assert_uint_eq(head.id, 7);
    ck_assert_uint_eq(head.deadline_ms, 500);
    ck_assert_int_eq(head.kind, REQUEST_INGEST);
    arena_init(&arena, 4096, 1 << 16);
    value_hasher_init(&hasher, HASH_KIND_XXH3, 0);
    ck_assert_int_eq(ingest_head(head.body, 10, &arena, &ingest, NULL), ST_OK);
    ck_assert_int_eq(ingest_decode(&ingest, &hasher, 10, &arena, &batch, NULL), ST_OK);
    ck_assert_view_eq(ingest.table, "visits");
    ck_assert_view_eq(ingest.columns[0], "user");
    ck_assert_uint_eq(batch.row_count, 1);
    ck_assert_mem_eq(batch.rows[0].key, "/home", 5);
    ck_assert_uint_eq(batch.value_count, 2);
    uint64_t hash = value_hash_bytes(&hasher, "bob", 3);
    ck_assert_mem_eq(batch.cells[0].hashes + 8, &hash, 8);
    arena_release(&arena);
}
END_TEST

START_TEST(answer_shown_is_the_one_sent)
{
    uint8_t bytes[128];
    struct outbuf out;
    const struct ingest_reply reply = { .rows = 1, .values = 2, .changes = 2 };
    read_document();
    size_t len = shown(reply_lines, COUNT(reply_lines), bytes, sizeof bytes);
    outbuf_init(&out);
    struct reply_to to = { .out = &out, .id = 7, .max_frame = FRAME_MAX_DEFAULT };
    ck_assert_int_eq(reply_ingest(&to, &reply, NULL), ST_OK);
    ck_assert_uint_eq(out.len, len);
    ck_assert_mem_eq(out.data, bytes, len);
    outbuf_release(&out);
}
END_TEST

START_TEST(statuses_are_listed_with_their_numbers)
{
    read_document();
#define STATUS_ROW(name, number, text)                                                             \
    ck_assert_ptr_nonnull(strstr(document, "| " #number " | " #name " |"));
    STATUS_MAP(STATUS_ROW)
#undef STATUS_ROW
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        frame_shown_is_the_batch_told,
        answer_shown_is_the_one_sent,
        statuses_are_listed_with_their_numbers,
    };
    return RUN_SUITE("protocol_doc", tests);
}
