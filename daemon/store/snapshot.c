#include "daemon/store/snapshot.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/sketch/dump.h"
#include "daemon/store/coding.h"
#include "daemon/store/failpoint.h"
#include "daemon/store/record.h"
#include "daemon/store/snapshot_file.h"
#include "daemon/table/slices.h"

#define SLICE_HEAD_MAX (1u + 4u * VARINT_MAX_BYTES)
#define ROW_HEAD_MAX ((size_t)2 * VARINT_MAX_BYTES + KEY_MAX_BYTES)

/* One that is being taken. */
struct taking {
    struct snapshot_file file;
    const struct task *task;
    const struct sketch_shape *shape;
    uint8_t *block; /* slices that are not written yet */
    size_t used;
    size_t room;
    size_t slice_at; /* where the present slice's rows begin, behind room for its head */
    uint32_t rows;   /* of the present slice */
    bool resumes;    /* it begins with the rest of a row */
    struct table_image image;
    struct table_info info;
    struct slices slices;
};

/* What a slice takes at most: it is full once it has SNAPSHOT_SLICE_BYTES, but has one cell
 * at least, and rows without cells are only counted. */
static size_t slice_bytes_max(const struct sketch_shape *shape)
{
    return SLICE_HEAD_MAX + SNAPSHOT_SLICE_BYTES + SLICE_ROWS_MAX * ROW_HEAD_MAX +
           VARINT_MAX_BYTES + cell_dump_max(shape);
}

/* Room for so much more, which is the memory's own from then on: a first touch under a lock
 * would be a page fault under it. */
static bool reserve(struct taking *taking, size_t more)
{
    size_t room = SNAPSHOT_BLOCK_BYTES + more;
    if (taking->used + more <= taking->room)
        return true;
    uint8_t *block = realloc(taking->block, room);
    if (block == NULL)
        return false;
    memset(block + taking->used, 0, room - taking->used);
    taking->block = block;
    taking->room = room;
    return true;
}

/* ---- under a shard's lock ------------------------------------------------------ */

/* How many of the row's cells the slice has room for, one at least if it has nothing yet. */
static uint32_t count_cells(const struct taking *taking, const struct slice_row *row)
{
    size_t used = taking->used - taking->slice_at + ROW_HEAD_MAX;
    uint32_t n = 0;
    for (; n < row->count; n++) {
        used += VARINT_MAX_BYTES + cell_dump_bound(&row->cells[n], taking->shape);
        if (used > SNAPSHOT_SLICE_BYTES && (taking->rows > 0 || n > 0))
            break;
    }
    return n;
}

static uint32_t take_row(const struct slice_row *row, void *arg)
{
    struct taking *taking = arg;
    uint32_t count = count_cells(taking, row);
    if (count == 0 && row->count > 0)
        return 0;
    uint8_t *at = put_bytes(taking->block + taking->used, row->key);
    at = put_varint(at, count);
    for (uint32_t i = 0; i < count; i++) {
        at = put_varint(at, row->column_ids[i]);
        at += cell_dump(&row->cells[i], taking->shape, at);
    }
    taking->used = (size_t)(at - taking->block);
    taking->resumes = taking->resumes || row->is_rest;
    taking->rows++;
    taking->file.counts.cells += count;
    return count;
}

/* ---- tables -------------------------------------------------------------------- */

static enum status write_block(struct taking *taking, size_t len, struct error *err)
{
    if (len == 0)
        return ST_OK;
    enum status status = snapshot_file_add(&taking->file, SNAPSHOT_ROWS, taking->block, len, err);
    memmove(taking->block, taking->block + len, taking->used - len);
    taking->used -= len;
    return status;
}

static enum status write_table(struct taking *taking, struct table *table, struct error *err)
{
    uint8_t *bytes = malloc(RECORD_TABLE_MAX);
    if (bytes == NULL)
        return error_nomem(err);
    table_read_image(table, &taking->image, &taking->info);
    size_t len = (size_t)(record_put_table_body(bytes, &taking->image) - bytes);
    enum status status = snapshot_file_add(&taking->file, SNAPSHOT_TABLE, bytes, len, err);
    free(bytes);
    return status;
}

static unsigned flags_of(const struct taking *taking, const struct slice *slice)
{
    unsigned flags = taking->resumes ? SNAPSHOT_SLICE_RESUMES : 0;
    if (slice->is_final)
        return flags | SNAPSHOT_SLICE_FINAL;
    return slice->last_column == SLICE_WHOLE_ROW ? flags : flags | SNAPSHOT_SLICE_BREAKS;
}

/* Puts the head before the slice's rows, which lie behind room for a larger one. */
static void finish_slice(struct taking *taking, const struct slice *slice, size_t begin)
{
    uint8_t head[SLICE_HEAD_MAX];
    uint8_t *end = put_varint(head, slice->stream);
    end = put_varint(end, slice->sequence);
    end = put_varint(end, flags_of(taking, slice));
    end = put_varint(end, taking->rows);
    size_t len = (size_t)(end - head);
    memcpy(taking->block + begin, head, len);
    memmove(taking->block + begin + len, taking->block + taking->slice_at,
            taking->used - taking->slice_at);
    taking->used -= taking->slice_at - begin - len;
    taking->file.counts.slices++;
    taking->file.counts.rows += taking->rows - taking->resumes;
}

/* Takes the next slice; *more: there was one. */
static enum status take_slice(struct taking *taking, struct table *table, bool *more,
                              struct error *err)
{
    struct slice slice;
    size_t begin = taking->used;
    if (failpoint_pass(FAILPOINT_SNAPSHOT_SLICE) != 0)
        return error_set(err, ST_INTERNAL, "a slice could not be taken");
    if (!reserve(taking, slice_bytes_max(taking->shape)))
        return error_nomem(err);
    taking->used += SLICE_HEAD_MAX;
    taking->slice_at = taking->used;
    taking->rows = 0;
    taking->resumes = false;
    *more = slices_next(&taking->slices, take_row, taking, &slice);
    if (!*more) {
        taking->used = begin;
        return ST_OK;
    }
    finish_slice(taking, &slice, begin);
    enum status status = ST_OK;
    if (slice.version != taking->image.version) { /* altered: the slice goes behind that */
        status = write_block(taking, begin, err);
        if (status == ST_OK)
            status = write_table(taking, table, err);
    }
    if (status == ST_OK && taking->used >= SNAPSHOT_BLOCK_BYTES)
        status = write_block(taking, taking->used, err);
    if (status == ST_OK && failpoint_pass(FAILPOINT_SNAPSHOT_SLICED) != 0)
        status = error_set(err, ST_INTERNAL, "a slice could not be taken");
    return status;
}

static enum status take_table(struct taking *taking, struct table *table, struct error *err)
{
    bool more = true;
    taking->shape = table_shape(table);
    taking->file.counts.tables++;
    slices_begin(&taking->slices, table);
    enum status status = write_table(taking, table, err);
    while (status == ST_OK && more) {
        if (taking->task != NULL)
            status = taking->task->check(taking->task->arg);
        if (status == ST_OK)
            status = take_slice(taking, table, &more, err);
        else
            error_set(err, status, "the snapshot was given up");
    }
    return status == ST_OK ? write_block(taking, taking->used, err) : status;
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static enum status take_tables(struct taking *taking, int directory, struct table **tables,
                               size_t count, const struct snapshot_header *header,
                               struct error *err)
{
    enum status status = snapshot_file_begin(&taking->file, directory, header, err);
    for (size_t i = 0; i < count && status == ST_OK; i++)
        status = take_table(taking, tables[i], err);
    if (status == ST_OK)
        status = snapshot_file_finish(&taking->file, err);
    snapshot_file_release(&taking->file);
    return status;
}

enum status snapshot_take(struct catalog *catalog, int directory, uint64_t number, uint64_t run,
                          const struct task *task, struct snapshot_result *out, struct error *err)
{
    struct snapshot_header header = { .number = number, .run = run, .begun_ms = now_ms() };
    struct table **tables;
    size_t count;
    struct taking *taking = calloc(1, sizeof *taking);
    if (taking == NULL || !catalog_list_all(catalog, &tables, &count, &header.next_table_id)) {
        free(taking);
        return error_nomem(err);
    }
    taking->task = task;
    enum status status = take_tables(taking, directory, tables, count, &header, err);
    if (status == ST_OK)
        *out = (struct snapshot_result){ taking->file.counts, taking->file.bytes };
    for (size_t i = 0; i < count; i++)
        table_unref(tables[i]);
    free(tables);
    free(taking->block);
    free(taking);
    return status;
}
