#include "daemon/store/snapshot_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "daemon/sketch/dump.h"
#include "daemon/store/directory.h"
#include "daemon/store/record.h"

#define SEARCH_BYTES ((size_t)1 << 20)
#define SLICE_FLAGS (SNAPSHOT_SLICE_FINAL | SNAPSHOT_SLICE_RESUMES | SNAPSHOT_SLICE_BREAKS)

enum status room_reserve(struct room *room, size_t size, struct error *err)
{
    if (size <= room->size)
        return ST_OK;
    uint8_t *bytes = realloc(room->bytes, size);
    if (bytes == NULL)
        return error_nomem(err);
    *room = (struct room){ bytes, size };
    return ST_OK;
}

void room_release(struct room *room)
{
    free(room->bytes);
    *room = (struct room){ NULL, 0 };
}

/* ---- the file ------------------------------------------------------------------ */

static enum status read_at(const struct snapshot_reader *reader, void *out, size_t len,
                           uint64_t offset, struct error *err)
{
    uint8_t *at = out;
    while (len > 0) {
        ssize_t n = pread(reader->fd, at, len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return error_set(err, ST_INTERNAL, "cannot read a snapshot: %s",
                             n < 0 ? strerror(errno) : "it became shorter");
        at += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return ST_OK;
}

static enum status read_header(struct snapshot_reader *reader, uint64_t number, const char *name,
                               struct error *err)
{
    uint8_t bytes[SNAPSHOT_HEADER_BYTES];
    uint32_t version;
    struct stat info;
    if (fstat(reader->fd, &info) != 0)
        return error_set(err, ST_INTERNAL, "cannot read '%s': %s", name, strerror(errno));
    reader->size = (uint64_t)info.st_size;
    if (reader->size < sizeof bytes)
        return ST_OK;
    enum status status = read_at(reader, bytes, sizeof bytes, 0, err);
    if (status != ST_OK)
        return status;
    switch (snapshot_read_header(bytes, &reader->header, &reader->seed, &version)) {
    case SNAPSHOT_NEWER:
        return error_set(err, ST_FAILED_PRECONDITION,
                         "'%s' is of version %u, this cardinald reads up to %u", name, version,
                         SNAPSHOT_VERSION);
    case SNAPSHOT_SOUND:
        reader->has_header = reader->header.number == number;
        reader->end = SNAPSHOT_HEADER_BYTES;
        return ST_OK;
    default:
        return ST_OK;
    }
}

enum status snapshot_open(struct snapshot_reader *reader, int directory, uint64_t number,
                          struct error *err)
{
    char name[STORE_NAME_BYTES];
    *reader = (struct snapshot_reader){ .fd = -1 };
    store_snapshot_name(name, number);
    reader->fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    if (reader->fd < 0)
        return error_set(err, errno == ENOENT ? ST_NOT_FOUND : ST_INTERNAL, "cannot open '%s': %s",
                         name, strerror(errno));
    enum status status = read_header(reader, number, name, err);
    if (status != ST_OK)
        snapshot_close(reader);
    return status;
}

void snapshot_close(struct snapshot_reader *reader)
{
    close(reader->fd);
    reader->fd = -1;
}

/* Looks for the next sound header of a block from an offset on; the file's size if
 * there is none. */
static enum status search(const struct snapshot_reader *reader, uint64_t offset, uint64_t *at,
                          struct error *err)
{
    struct snapshot_block block;
    uint8_t *bytes = malloc(SEARCH_BYTES);
    enum status status = bytes == NULL ? error_nomem(err) : ST_OK;
    *at = reader->size;
    while (status == ST_OK && *at == reader->size &&
           offset + SNAPSHOT_BLOCK_HEADER_BYTES <= reader->size) {
        uint64_t left = reader->size - offset;
        size_t len = left < SEARCH_BYTES ? (size_t)left : SEARCH_BYTES;
        status = read_at(reader, bytes, len, offset, err);
        for (size_t i = 0; status == ST_OK && i + SNAPSHOT_BLOCK_HEADER_BYTES <= len;
             i += SNAPSHOT_ALIGN) {
            if (snapshot_read_block(bytes + i, reader->seed, &block)) {
                *at = offset + i;
                break;
            }
        }
        offset += SEARCH_BYTES - (SNAPSHOT_BLOCK_HEADER_BYTES - SNAPSHOT_ALIGN);
    }
    free(bytes);
    return status;
}

/* What begins at reader->offset is no block. */
static enum status damaged(struct snapshot_reader *reader, const char *fault,
                           enum snapshot_state *state, struct error *err)
{
    uint64_t from = (reader->offset + SNAPSHOT_ALIGN) & ~(uint64_t)(SNAPSHOT_ALIGN - 1);
    reader->fault = fault;
    *state = SNAPSHOT_DAMAGED;
    if (reader->has_header)
        return search(reader, from, &reader->end, err);
    reader->end = reader->size;
    return ST_OK;
}

static bool counts_agree(const struct snapshot_reader *reader)
{
    return reader->footer.blocks == reader->seen.blocks &&
           reader->footer.checksum == reader->seen.checksum && reader->end == reader->size;
}

/* The footer was read, which is small and not packed. */
static enum status read_footer(struct snapshot_reader *reader, const struct snapshot_block *block,
                               const struct room *room, enum snapshot_state *state,
                               struct error *err)
{
    if (block->stored_bytes != SNAPSHOT_FOOTER_BYTES ||
        snapshot_checksum(room->bytes, SNAPSHOT_FOOTER_BYTES, reader->seed) != block->checksum)
        return damaged(reader, "the footer is not sound", state, err);
    snapshot_read_counts(room->bytes, &reader->footer);
    if (!counts_agree(reader))
        return damaged(reader, "the footer counts other blocks", state, err);
    reader->is_over = true;
    *state = SNAPSHOT_END;
    return ST_OK;
}

/* Reads the payload of the block at reader->offset, with what pads it. */
static enum status read_payload(struct snapshot_reader *reader, uint64_t padded, struct room *room,
                                struct error *err)
{
    uint64_t begin = reader->offset + SNAPSHOT_BLOCK_HEADER_BYTES;
    enum status status = room_reserve(room, padded, err);
    if (status == ST_OK)
        status = read_at(reader, room->bytes, padded, begin, err);
    if (status == ST_OK)
        reader->end = begin + padded;
    return status;
}

enum status snapshot_next(struct snapshot_reader *reader, enum snapshot_state *state,
                          struct snapshot_block *block, struct room *room, struct error *err)
{
    uint8_t bytes[SNAPSHOT_BLOCK_HEADER_BYTES];
    reader->offset = reader->end;
    if (reader->is_over) {
        *state = SNAPSHOT_END;
        return ST_OK;
    }
    if (!reader->has_header || reader->offset == reader->size) {
        reader->is_over = true;
        return damaged(reader, reader->has_header ? "it ends without a footer" : "its header",
                       state, err);
    }
    uint64_t left = reader->size - reader->offset;
    if (left < sizeof bytes)
        return damaged(reader, "a block is cut off", state, err);
    enum status status = read_at(reader, bytes, sizeof bytes, reader->offset, err);
    if (status != ST_OK)
        return status;
    if (!snapshot_read_block(bytes, reader->seed, block))
        return damaged(reader, "no block begins there", state, err);
    uint64_t padded = snapshot_padded(block->stored_bytes);
    if (padded > left - sizeof bytes)
        return damaged(reader, "a block is cut off", state, err);
    if (block->number != reader->seen.blocks && reader->fault == NULL) {
        reader->fault = "blocks before it are missing"; /* this one is read next */
        reader->end = reader->offset;
        *state = SNAPSHOT_DAMAGED;
        return ST_OK;
    }
    status = read_payload(reader, padded, room, err);
    if (status != ST_OK)
        return status;
    *state = SNAPSHOT_BLOCK;
    if (block->kind == SNAPSHOT_FOOTER)
        return read_footer(reader, block, room, state, err);
    reader->seen.blocks++;
    reader->seen.checksum = snapshot_chain(reader->seen.checksum, block->checksum);
    return ST_OK;
}

enum status snapshot_unpack(const struct snapshot_block *block, uint64_t seed,
                            const struct room *from, struct room *to, struct bytes_view *payload,
                            struct error *err)
{
    for (size_t i = block->stored_bytes; i < snapshot_padded(block->stored_bytes); i++) {
        if (from->bytes[i] != 0)
            return error_set(err, ST_INVALID_ARGUMENT, "what pads a block is not zero");
    }
    if (snapshot_checksum(from->bytes, block->stored_bytes, seed) != block->checksum)
        return error_set(err, ST_INVALID_ARGUMENT, "a block's checksum is wrong");
    *payload = (struct bytes_view){ from->bytes, block->stored_bytes };
    if (block->stored_bytes == block->unpacked_bytes)
        return ST_OK;
    enum status status = room_reserve(to, block->unpacked_bytes, err);
    if (status != ST_OK)
        return status;
    size_t n = ZSTD_decompress(to->bytes, block->unpacked_bytes, from->bytes, block->stored_bytes);
    if (ZSTD_isError(n) || n != block->unpacked_bytes)
        return error_set(err, ST_INVALID_ARGUMENT, "a block cannot be unpacked");
    *payload = (struct bytes_view){ to->bytes, n };
    return ST_OK;
}

/* ---- rows ---------------------------------------------------------------------- */

bool snapshot_read_slice(struct reading *in, struct snapshot_slice *out)
{
    if (in->at == in->end)
        return false;
    out->stream = (uint32_t)read_bounded(in, RECORD_STREAM_MAX, "a stream that cannot be");
    out->sequence = read_varint(in);
    uint64_t flags = read_bounded(in, SLICE_FLAGS, "flags of a slice that cannot be");
    out->is_final = (flags & SNAPSHOT_SLICE_FINAL) != 0;
    out->resumes = (flags & SNAPSHOT_SLICE_RESUMES) != 0;
    out->breaks = (flags & SNAPSHOT_SLICE_BREAKS) != 0;
    out->rows = read_varint(in);
    if (out->rows == 0 && (!out->is_final || out->resumes))
        reading_fail(in, "a slice of nothing");
    if (out->is_final && out->breaks)
        reading_fail(in, "flags of a slice that cannot be");
    return in->fault == NULL;
}

static enum status read_cell(struct reading *in, const struct sketch_shape *shape,
                             struct restored_cell *out)
{
    size_t used = 0;
    out->cell.word = 0;
    out->column_id = (uint32_t)read_bounded(in, UINT32_MAX, "a column that cannot be");
    if (in->fault != NULL)
        return ST_INVALID_ARGUMENT;
    enum status status = cell_load(&out->cell, shape, in->at, (size_t)(in->end - in->at), &used);
    if (status == ST_INVALID_ARGUMENT)
        reading_fail(in, "a cell that cannot be");
    in->at += used;
    return status;
}

enum status snapshot_read_row(struct reading *in, const struct sketch_shape *shape,
                              struct bytes_view *key, struct restored_cell *cells, uint32_t *count)
{
    enum status status = ST_OK;
    uint32_t n = 0;
    *key = read_bytes(in, KEY_MAX_BYTES, "a key that is too long");
    uint64_t wanted = read_bounded(in, COLUMNS_MAX, "too many cells");
    if (in->fault != NULL)
        status = ST_INVALID_ARGUMENT;
    while (n < wanted && status == ST_OK) {
        status = read_cell(in, shape, &cells[n]);
        n += status == ST_OK;
    }
    if (status == ST_OK) {
        *count = n;
        return ST_OK;
    }
    for (uint32_t i = 0; i < n; i++)
        cell_release(&cells[i].cell);
    *count = 0;
    return status;
}
