/* A snapshot's way into memory: one thread at a time reads a block, all of them
 * unpack what they read and restore its rows. */
#include <stdatomic.h>
#include <stdlib.h>

#include "daemon/store/directory.h"
#include "daemon/store/record.h"
#include "daemon/store/recovery_impl.h"
#include "daemon/store/snapshot_read.h"

struct load {
    struct recovery *recovery;
    struct snapshot_reader reader; /* guarded by lock, as all below */
    char name[STORE_NAME_BYTES];
    pthread_mutex_t lock;
    pthread_cond_t quiet;
    unsigned busy;       /* threads that restore rows */
    bool is_alone;       /* a thread has, or waits to have, the snapshot for itself */
    struct table *table; /* whose rows come next; NULL: of none that is known */
    bool is_over;
    _Atomic uint64_t slices;
    _Atomic uint64_t rows;
    _Atomic uint64_t cells;
    uint64_t tables;
    atomic_bool is_damaged; /* so that the footer's counts need not agree */
};

/* What one thread needs for a block. */
struct hand {
    struct load *load;
    struct room packed;
    struct room unpacked;
    struct snapshot_block block;
    uint64_t offset;
    uint64_t bytes;
    struct table *table;
    struct column_set columns;
    struct restored_cell cells[COLUMNS_MAX];
};

static enum status damage(struct load *load, uint64_t offset, uint64_t bytes, const char *why,
                          struct error *err)
{
    load->is_damaged = true;
    return recovery_damage(load->recovery, load->name, offset, bytes, why, err);
}

/* ---- rows ---------------------------------------------------------------------- */

/* Is the i-th row of the slice in another one, too? */
static bool is_part(const struct snapshot_slice *slice, uint64_t i)
{
    return (slice->resumes && i == 0) || (slice->breaks && i + 1 == slice->rows);
}

/* Restores the slice's rows; *key and *column are what it ends with. */
static enum status restore_cells(struct hand *hand, struct reading *in,
                                 const struct snapshot_slice *slice, struct bytes_view *key,
                                 uint32_t *column)
{
    enum status status = ST_OK;
    uint64_t cells = 0;
    uint32_t count = 0;
    for (uint64_t i = 0; i < slice->rows && status == ST_OK; i++) {
        status = snapshot_read_row(in, table_shape(hand->table), key, hand->cells, &count);
        if (status != ST_OK)
            break;
        cells += count;
        status = is_part(slice, i)
                     ? table_restore_cells(hand->table, &hand->columns, *key, hand->cells, count)
                     : table_restore_row(hand->table, &hand->columns, *key, hand->cells, count);
        if (status == ST_INVALID_ARGUMENT)
            reading_fail(in, "a row that is there already");
    }
    if (status == ST_OK && slice->breaks && count == 0) {
        reading_fail(in, "a row that goes on behind nothing");
        status = ST_INVALID_ARGUMENT;
    }
    *column = slice->breaks && count > 0 ? hand->cells[count - 1].column_id : BOUND_WHOLE_ROW;
    atomic_fetch_add(&hand->load->cells, cells);
    return status;
}

static enum status restore_slice(struct hand *hand, struct reading *in,
                                 const struct snapshot_slice *slice, struct error *err)
{
    struct load *load = hand->load;
    struct bytes_view key = { NULL, 0 };
    uint32_t column;
    uint64_t rows = slice->rows - slice->resumes;
    enum status status = restore_cells(hand, in, slice, &key, &column);
    if (status == ST_OK &&
        !bounds_add(&load->recovery->bounds, table_id(hand->table), slice->stream, slice->sequence,
                    slice->is_final ? NULL : &key, column))
        status = ST_RESOURCE_EXHAUSTED;
    atomic_fetch_add(&load->slices, 1);
    atomic_fetch_add(&load->rows, rows);
    if (load->recovery->progress != NULL)
        atomic_fetch_add(&load->recovery->progress->rows, rows);
    return status == ST_RESOURCE_EXHAUSTED ? error_nomem(err) : status;
}

/* Restores what is whole of a block of rows; in->fault says what is not. */
static enum status restore_rows(struct hand *hand, struct reading *in, struct error *err)
{
    struct snapshot_slice slice;
    enum status status = table_find_columns(hand->table, NULL, 0, &hand->columns, err);
    while (status == ST_OK && snapshot_read_slice(in, &slice))
        status = restore_slice(hand, in, &slice, err);
    return status == ST_INVALID_ARGUMENT ? ST_OK : status;
}

/* ---- blocks -------------------------------------------------------------------- */

/* Takes the block of a table, alone. */
static enum status take_table(struct load *load, struct bytes_view payload, struct hand *hand,
                              struct error *err)
{
    struct reading in = { payload.data, payload.data + payload.len, NULL };
    struct table_image image;
    load->table = NULL;
    if (!record_read_table(&in, &image) || in.at != in.end)
        return damage(load, hand->offset, hand->bytes, in.fault != NULL ? in.fault : "a table",
                      err);
    bool is_new = recovery_find(load->recovery, image.id) == NULL;
    struct error why = { 0 };
    enum status status = recovery_take_image(load->recovery, &image, &why);
    if (status == ST_INVALID_ARGUMENT)
        return damage(load, hand->offset, hand->bytes, why.text, err);
    if (status != ST_OK)
        return error_set(err, status, "%s", why.text);
    load->tables += is_new;
    load->table = recovery_find(load->recovery, image.id);
    return ST_OK;
}

/* What a thread does with the block that it read; without the lock but for a table. */
static enum status take_block(struct hand *hand, struct error *err)
{
    struct load *load = hand->load;
    struct bytes_view payload;
    struct error why = { 0 };
    enum status status = snapshot_unpack(&hand->block, load->reader.seed, &hand->packed,
                                         &hand->unpacked, &payload, &why);
    if (status == ST_INVALID_ARGUMENT) {
        if (hand->block.kind == SNAPSHOT_TABLE)
            load->table = NULL;
        return damage(load, hand->offset, hand->bytes, why.text, err);
    }
    if (status != ST_OK)
        return error_set(err, status, "%s", why.text);
    if (hand->block.kind == SNAPSHOT_TABLE)
        return take_table(load, payload, hand, err);
    if (hand->table == NULL)
        return damage(load, hand->offset, hand->bytes, "rows of a table that is not known", err);
    struct reading in = { payload.data, payload.data + payload.len, NULL };
    status = restore_rows(hand, &in, err);
    if (status == ST_OK && in.fault != NULL)
        return damage(load, hand->offset, hand->bytes, in.fault, err);
    return status;
}

static enum status check_counts(struct load *load, struct error *err)
{
    const struct snapshot_counts *footer = &load->reader.footer;
    if (load->is_damaged)
        return ST_OK;
    if (footer->tables == load->tables && footer->slices == atomic_load(&load->slices) &&
        footer->rows == atomic_load(&load->rows) && footer->cells == atomic_load(&load->cells))
        return ST_OK;
    return damage(load, load->reader.offset, load->reader.size - load->reader.offset,
                  "the footer counts other rows", err);
}

/* Waits until no other thread restores rows; the lock is held. */
static void wait_for_quiet(struct load *load)
{
    while (load->busy > 0)
        pthread_cond_wait(&load->quiet, &load->lock);
}

/* Reads the next block that is rows, taking what is not; the lock is held. False: there
 * is none, or an error. */
static bool read_rows(struct hand *hand, enum status *status, struct error *err)
{
    struct load *load = hand->load;
    struct snapshot_reader *reader = &load->reader;
    while (!load->is_over && *status == ST_OK && !recovery_has_failed(load->recovery)) {
        enum snapshot_state state;
        if (load->is_alone) {
            pthread_cond_wait(&load->quiet, &load->lock);
            continue;
        }
        *status = snapshot_next(reader, &state, &hand->block, &hand->packed, err);
        hand->offset = reader->offset;
        hand->bytes = reader->end - reader->offset;
        if (*status != ST_OK)
            return false;
        if (load->recovery->progress != NULL)
            atomic_fetch_add(&load->recovery->progress->done_bytes, hand->bytes);
        if (state == SNAPSHOT_BLOCK && hand->block.kind == SNAPSHOT_ROWS) {
            hand->table = load->table;
            load->busy++;
            return true;
        }
        load->is_alone = true;
        wait_for_quiet(load);
        if (state == SNAPSHOT_BLOCK) {
            *status = take_block(hand, err);
        } else if (state == SNAPSHOT_DAMAGED) {
            load->table = NULL;
            *status = damage(load, hand->offset, hand->bytes, reader->fault, err);
        } else {
            load->is_over = true;
            *status = check_counts(load, err);
        }
        load->is_alone = false;
        pthread_cond_broadcast(&load->quiet);
    }
    return false;
}

static void work(unsigned number, void *arg)
{
    struct load *load = arg;
    struct error err = { 0 };
    enum status status = ST_OK;
    struct hand *hand = calloc(1, sizeof *hand);
    (void)number;
    if (hand == NULL) {
        status = error_nomem(&err);
        recovery_fail(load->recovery, status, &err);
        return;
    }
    hand->load = load;
    pthread_mutex_lock(&load->lock);
    while (status == ST_OK && read_rows(hand, &status, &err)) {
        pthread_mutex_unlock(&load->lock);
        status = take_block(hand, &err);
        pthread_mutex_lock(&load->lock);
        if (--load->busy == 0)
            pthread_cond_broadcast(&load->quiet);
    }
    pthread_mutex_unlock(&load->lock);
    if (status != ST_OK)
        recovery_fail(load->recovery, status, &err);
    room_release(&hand->packed);
    room_release(&hand->unpacked);
    free(hand);
}

enum status recovery_load(struct recovery *recovery, uint64_t number, struct error *err)
{
    struct load load = { .recovery = recovery };
    enum status status = snapshot_open(&load.reader, recovery->directory, number, err);
    if (status != ST_OK)
        return status;
    store_snapshot_name(load.name, number);
    pthread_mutex_init(&load.lock, NULL);
    pthread_cond_init(&load.quiet, NULL);
    recovery->snapshot_run = load.reader.header.run;
    recovery->next_table_id = load.reader.header.next_table_id;
    recovery->next_seen_id = recovery->next_table_id;
    recovery->result.has_snapshot = true;
    recovery->result.snapshot = number;
    recovery->result.snapshot_bytes = load.reader.size;
    crew_run(&recovery->crew, work, &load);
    bounds_sort(&recovery->bounds);
    pthread_cond_destroy(&load.quiet);
    pthread_mutex_destroy(&load.lock);
    snapshot_close(&load.reader);
    if (!recovery_has_failed(recovery))
        return ST_OK;
    *err = recovery->error;
    return recovery->failed;
}
