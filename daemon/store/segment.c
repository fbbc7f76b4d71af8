#include "daemon/store/segment.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "daemon/store/coding.h"
#include "daemon/store/directory.h"

#define MAGIC "CRDLJRNL"
#define CHECKSUM_AT 56u
#define SEARCH_BYTES ((size_t)64 << 10) /* looked through at a time for a block */

uint64_t segment_seal_header(uint8_t header[SEGMENT_HEADER_BYTES])
{
    uint64_t checksum = XXH3_64bits(header, CHECKSUM_AT);
    put_u64(header + CHECKSUM_AT, checksum);
    return checksum;
}

uint64_t segment_put_header(uint8_t out[SEGMENT_HEADER_BYTES], const struct segment_header *header)
{
    memset(out, 0, SEGMENT_HEADER_BYTES);
    memcpy(out, MAGIC, 8);
    put_u32(out + 8, SEGMENT_VERSION);
    put_u32(out + 12, header->flags);
    put_u64(out + 16, header->number);
    put_u64(out + 24, header->run);
    put_u64(out + 32, header->begun_ms);
    return segment_seal_header(out);
}

static enum status fail(const struct segment_reader *reader, const char *what, struct error *err)
{
    char name[STORE_NAME_BYTES];
    store_segment_name(name, reader->header.number);
    return error_set(err, ST_INTERNAL, "cannot %s '%s': %s", what, name, strerror(errno));
}

/* Reads len bytes at offset, which the file had a moment ago; fewer are zeros. */
static enum status read_at(struct segment_reader *reader, uint8_t *out, size_t len, uint64_t offset,
                           struct error *err)
{
    size_t have = 0;
    assert(out != NULL || len == 0);
    while (have < len) {
        ssize_t n = pread(reader->fd, out + have, len - have, (off_t)(offset + have));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(reader, "read", err);
        if (n == 0)
            break;
        have += (size_t)n;
    }
    if (have < len)
        memset(out + have, 0, len - have);
    return ST_OK;
}

/* Takes the header in; one that is not sound leaves has_header false. */
static enum status take_header(struct segment_reader *reader, const uint8_t *bytes,
                               struct error *err)
{
    uint64_t checksum = XXH3_64bits(bytes, CHECKSUM_AT);
    if (reader->size < SEGMENT_HEADER_BYTES || memcmp(bytes, MAGIC, 8) != 0 ||
        get_u64(bytes + CHECKSUM_AT) != checksum)
        return ST_OK;
    if (get_u32(bytes + 8) != SEGMENT_VERSION) {
        char name[STORE_NAME_BYTES];
        store_segment_name(name, reader->header.number);
        return error_set(err, ST_FAILED_PRECONDITION,
                         "'%s' is of version %u, this daemon reads up to version %u", name,
                         get_u32(bytes + 8), SEGMENT_VERSION);
    }
    if (get_u64(bytes + 16) != reader->header.number)
        return ST_OK;
    reader->header.flags = get_u32(bytes + 12);
    reader->header.run = get_u64(bytes + 24);
    reader->header.begun_ms = get_u64(bytes + 32);
    reader->seed = checksum;
    reader->has_header = true;
    return ST_OK;
}

static enum status read_header(struct segment_reader *reader, struct error *err)
{
    uint8_t bytes[SEGMENT_HEADER_BYTES];
    struct stat info;
    if (fstat(reader->fd, &info) != 0)
        return fail(reader, "look at", err);
    reader->size = (uint64_t)info.st_size;
    enum status status = read_at(reader, bytes, sizeof bytes, 0, err);
    if (status == ST_OK)
        status = take_header(reader, bytes, err);
    reader->end = reader->has_header ? SEGMENT_HEADER_BYTES : 0;
    return status;
}

enum status segment_open(struct segment_reader *reader, int directory, uint64_t number,
                         struct error *err)
{
    char name[STORE_NAME_BYTES];
    *reader = (struct segment_reader){ .header.number = number };
    store_segment_name(name, number);
    reader->fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    if (reader->fd < 0)
        return error_set(err, errno == ENOENT ? ST_NOT_FOUND : ST_INTERNAL, "cannot open '%s': %s",
                         name, strerror(errno));
    enum status status = read_header(reader, err);
    if (status != ST_OK)
        segment_close(reader);
    return status;
}

void segment_close(struct segment_reader *reader)
{
    close(reader->fd);
    free(reader->buffer);
    reader->buffer = NULL;
    reader->fd = -1;
}

static enum status reserve(struct segment_reader *reader, size_t bytes, struct error *err)
{
    if (bytes <= reader->room)
        return ST_OK;
    uint8_t *buffer = realloc(reader->buffer, bytes);
    if (buffer == NULL)
        return error_nomem(err);
    reader->buffer = buffer;
    reader->room = bytes;
    return ST_OK;
}

/* Reads the block at an offset into the buffer, if there is a whole one. */
static enum status read_block(struct segment_reader *reader, uint64_t offset,
                              struct block_header *header, bool *is_whole, struct error *err)
{
    uint8_t bytes[BLOCK_HEADER_BYTES];
    *is_whole = false;
    if (offset > reader->size || reader->size - offset < BLOCK_HEADER_BYTES)
        return ST_OK;
    enum status status = read_at(reader, bytes, sizeof bytes, offset, err);
    if (status != ST_OK || !block_read_header(bytes, reader->seed, header) ||
        block_bytes(header->payload_bytes) > reader->size - offset)
        return status;
    size_t padded = block_bytes(header->payload_bytes) - BLOCK_HEADER_BYTES;
    status = reserve(reader, padded, err);
    if (status == ST_OK)
        status = read_at(reader, reader->buffer, padded, offset + BLOCK_HEADER_BYTES, err);
    if (status == ST_OK)
        *is_whole = block_check_payload(header, reader->buffer, reader->seed);
    return status;
}

/* Looks through one stretch for the first whole block, numbered as is to come or
 * higher. */
static enum status search_stretch(struct segment_reader *reader, uint64_t offset,
                                  const uint8_t *bytes, size_t len, uint64_t *at,
                                  struct block_header *header, struct error *err)
{
    struct block_header seen;
    for (size_t i = 0; i + BLOCK_HEADER_BYTES <= len; i += BLOCK_ALIGN) {
        bool is_whole = false;
        if (!block_read_header(bytes + i, reader->seed, &seen) || seen.number < reader->next_block)
            continue;
        enum status status = read_block(reader, offset + i, header, &is_whole, err);
        if (status != ST_OK)
            return status;
        if (is_whole) {
            *at = offset + i;
            return ST_OK;
        }
    }
    return ST_OK;
}

/* The first whole block from an offset on; *at is the file's size if there is none. */
static enum status search(struct segment_reader *reader, uint64_t from, uint64_t *at,
                          struct block_header *header, struct error *err)
{
    uint8_t *bytes = malloc(SEARCH_BYTES);
    enum status status = bytes == NULL ? error_nomem(err) : ST_OK;
    uint64_t offset = (from + BLOCK_ALIGN - 1) & ~(uint64_t)(BLOCK_ALIGN - 1);
    *at = reader->size;
    while (status == ST_OK && *at == reader->size && reader->has_header &&
           offset + BLOCK_HEADER_BYTES <= reader->size) {
        uint64_t left = reader->size - offset;
        size_t len = left < SEARCH_BYTES ? (size_t)left : SEARCH_BYTES;
        status = read_at(reader, bytes, len, offset, err);
        if (status == ST_OK)
            status = search_stretch(reader, offset, bytes, len, at, header, err);
        offset += SEARCH_BYTES - (BLOCK_HEADER_BYTES - BLOCK_ALIGN);
    }
    free(bytes);
    return status;
}

/* The next whole block from an offset on, where one may well begin. */
static enum status find_block(struct segment_reader *reader, uint64_t offset, uint64_t *at,
                              struct block_header *header, struct error *err)
{
    bool is_whole = false;
    enum status status = read_block(reader, offset, header, &is_whole, err);
    *at = offset;
    return status != ST_OK || is_whole ? status
                                       : search(reader, offset + BLOCK_ALIGN, at, header, err);
}

/* Were the bytes at reader->offset on disk, by what any later block says? */
static enum status judge(struct segment_reader *reader, enum segment_state *state,
                         struct error *err)
{
    struct block_header header = { 0 };
    enum status status = search(reader, reader->offset + BLOCK_ALIGN, &reader->end, &header, err);
    uint64_t at = reader->end;
    uint64_t next = header.number;
    bool was_settled = false;
    while (status == ST_OK && at < reader->size && !was_settled) {
        was_settled = header.settled > reader->offset;
        if (!was_settled)
            status = find_block(reader, at + block_bytes(header.payload_bytes), &at, &header, err);
    }
    if (reader->end < reader->size)
        reader->next_block = next;
    *state = was_settled ? SEGMENT_DAMAGED : SEGMENT_TORN;
    return status;
}

/* What a file is whose header is not sound: one that was never begun in earnest,
 * unless more than the header is there. */
static enum segment_state judge_headless(const struct segment_reader *reader)
{
    return reader->size > SEGMENT_HEADER_BYTES ? SEGMENT_DAMAGED : SEGMENT_TORN;
}

enum status segment_next(struct segment_reader *reader, enum segment_state *state,
                         struct bytes_view *payload, struct error *err)
{
    struct block_header header;
    bool is_whole = false;
    reader->offset = reader->end;
    if (!reader->has_header && reader->offset < reader->size) {
        reader->end = reader->size;
        *state = judge_headless(reader);
        return ST_OK;
    }
    if (reader->offset == reader->size) {
        *state = reader->size == 0 && !reader->is_over ? SEGMENT_TORN : SEGMENT_END;
        reader->is_over = true;
        return ST_OK;
    }
    enum status status = read_block(reader, reader->offset, &header, &is_whole, err);
    if (status != ST_OK)
        return status;
    if (!is_whole || header.number != reader->next_block)
        return judge(reader, state, err);
    reader->next_block++;
    reader->end = reader->offset + block_bytes(header.payload_bytes);
    *payload = (struct bytes_view){ reader->buffer, header.payload_bytes };
    *state = SEGMENT_BLOCK;
    return ST_OK;
}
