/* The journal's way into memory.
 *
 * A block's records are cut into stretches of one stream each; every stream belongs
 * to one thread, so that the changes of a key are applied in their order. Changes of
 * the tables themselves are applied between, by one thread alone. */
#include <stdlib.h>
#include <string.h>

#include "daemon/sketch/dump.h"
#include "daemon/store/record.h"
#include "daemon/store/recovery_impl.h"
#include "daemon/store/row_names.h"

#define ALONE_BYTES ((size_t)16 << 10) /* less is applied by one thread sooner than by all */
#define STREAMS_FIRST_BITS 6u

/* What is known of a stream of the present run. */
struct stream {
    uint64_t table_id;
    uint64_t sequence; /* of the change read last, 0: none */
    uint32_t number;
    struct row_names names;
    struct bound_range bounds;
};

/* Records of one stream, from the place that begins them. */
struct stretch_of_stream {
    struct bytes_view records;
    uint64_t table_id;
    uint32_t stream;
};

/* What belongs to one thread. */
struct player {
    struct stream **streams; /* open-addressed, 2^bits of them */
    uint32_t bits;
    uint32_t count;
    struct key_store keys;
    struct stretch_of_stream *stretches; /* of the present block */
    size_t stretch_count;
    size_t stretch_room;
    struct record_reader reader;
    struct column_set columns;
};

struct replay {
    struct recovery *recovery;
    bool has_bounds; /* the run is the snapshot's */
    const char *file;
    uint64_t offset;
    size_t block_bytes;
    struct record_reader scan;
    unsigned count;
    struct player *players[CREW_MAX];
};

/* ---- streams ------------------------------------------------------------------- */

static void forget_streams(struct player *player)
{
    for (size_t i = 0; player->streams != NULL && i < (size_t)1 << player->bits; i++) {
        if (player->streams[i] != NULL)
            row_names_release(&player->streams[i]->names);
        free(player->streams[i]);
    }
    free(player->streams);
    player->streams = NULL;
    player->bits = 0;
    player->count = 0;
    key_store_release(&player->keys);
}

static uint64_t hash_stream(uint64_t table_id, uint32_t number)
{
    uint64_t x = table_id * UINT64_C(0x9e3779b97f4a7c15) + number;
    return (x ^ x >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
}

/* Where a stream is, or belongs. */
static struct stream **find_stream(struct stream **streams, uint32_t bits, uint64_t table_id,
                                   uint32_t number)
{
    size_t mask = ((size_t)1 << bits) - 1;
    size_t at = (size_t)(hash_stream(table_id, number) >> 32) & mask;
    while (streams[at] != NULL &&
           (streams[at]->table_id != table_id || streams[at]->number != number))
        at = (at + 1) & mask;
    return &streams[at];
}

static bool grow_streams(struct player *player)
{
    uint32_t bits = player->bits == 0 ? STREAMS_FIRST_BITS : player->bits + 1;
    struct stream **more = calloc((size_t)1 << bits, sizeof *more);
    if (more == NULL)
        return false;
    for (size_t i = 0; player->streams != NULL && i < (size_t)1 << player->bits; i++) {
        struct stream *stream = player->streams[i];
        if (stream != NULL)
            *find_stream(more, bits, stream->table_id, stream->number) = stream;
    }
    free(player->streams);
    player->streams = more;
    player->bits = bits;
    return true;
}

/* The stream, made if need be; NULL without memory. */
static struct stream *stream_of(struct replay *replay, struct player *player, uint64_t table_id,
                                uint32_t number)
{
    if (player->streams == NULL || player->count >= (1u << player->bits) / 2) {
        if (!grow_streams(player))
            return NULL;
    }
    struct stream **place = find_stream(player->streams, player->bits, table_id, number);
    if (*place != NULL)
        return *place;
    struct stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL)
        return NULL;
    stream->table_id = table_id;
    stream->number = number;
    row_names_init(&stream->names);
    if (replay->has_bounds)
        stream->bounds = bounds_of(&replay->recovery->bounds, table_id, number);
    *place = stream;
    player->count++;
    return stream;
}

/* ---- changes of rows ----------------------------------------------------------- */

static enum status merge(struct player *player, struct table *table, struct bytes_view key,
                         const struct record *record)
{
    struct cell cell = { 0 };
    size_t used;
    enum status status =
        cell_load(&cell, table_shape(table), record->bytes.data, record->bytes.len, &used);
    if (status == ST_OK && used != record->bytes.len)
        status = ST_INVALID_ARGUMENT;
    if (status == ST_OK)
        status = table_replay_merge(table, &player->columns, key, record->column, &cell);
    cell_release(&cell);
    return status;
}

/* Applies what a record says of a row that has a name, to its columns up to one. */
static enum status change_row(struct player *player, struct table *table, struct bytes_view key,
                              uint32_t last_column, const struct record *record)
{
    if (record->op == RECORD_ROW_REMOVED) {
        if (last_column == BOUND_WHOLE_ROW)
            table_replay_remove(table, key);
        else
            table_replay_remove_cells(table, &player->columns, key, last_column);
        return ST_OK;
    }
    if (record->column > last_column)
        return ST_OK;
    return record->op == RECORD_CELL_MERGED
               ? merge(player, table, key, record)
               : table_replay_codes(table, &player->columns, key, record->column,
                                    record->bytes.data, record->count);
}

static enum status apply(struct player *player, struct stream *stream, struct table *table,
                         const struct record *record)
{
    struct bytes_view key;
    uint32_t missing;
    bool kept = true;
    enum status status = ST_OK;
    if (stream->sequence != 0 && record->place.sequence != stream->sequence + 1)
        row_names_release(&stream->names); /* changes are missing, names maybe */
    stream->sequence = record->place.sequence;
    if (record->op == RECORD_ROW_NEW)
        kept = row_names_set(&stream->names, &player->keys, record->row, record->bytes);
    else if (record->op == RECORD_ROW_MOVED)
        kept = row_names_move(&stream->names, record->was, record->row);
    else if (row_names_get(&stream->names, record->row, &key) &&
             (missing = bounds_missing(&stream->bounds, key, record->place.sequence)) > 0)
        status = change_row(player, table, key, missing, record);
    if (record->op == RECORD_ROW_REMOVED)
        row_names_forget(&stream->names, record->row);
    return kept ? status : ST_RESOURCE_EXHAUSTED;
}

static enum status play_stretch(struct replay *replay, struct player *player,
                                const struct stretch_of_stream *stretch, struct error *err)
{
    struct table *table = recovery_find(replay->recovery, stretch->table_id);
    struct record record;
    uint64_t applied = 0;
    if (table == NULL) /* dropped since */
        return ST_OK;
    struct stream *stream = stream_of(replay, player, stretch->table_id, stretch->stream);
    if (stream == NULL)
        return error_nomem(err);
    enum status status = table_find_columns(table, NULL, 0, &player->columns, err);
    record_reader_init(&player->reader, stretch->records);
    while (status == ST_OK && record_next(&player->reader, &record)) {
        status = apply(player, stream, table, &record);
        applied++;
    }
    if (replay->recovery->progress != NULL)
        atomic_fetch_add(&replay->recovery->progress->changes, applied);
    if (status == ST_INVALID_ARGUMENT)
        return recovery_damage(replay->recovery, replay->file, replay->offset, replay->block_bytes,
                               "a change that cannot be", err);
    return status == ST_RESOURCE_EXHAUSTED ? error_nomem(err) : status;
}

static void play(unsigned number, void *arg)
{
    struct replay *replay = arg;
    struct player *player = replay->players[number];
    struct error err = { 0 };
    enum status status = ST_OK;
    for (size_t i = 0; i < player->stretch_count && status == ST_OK; i++)
        status = play_stretch(replay, player, &player->stretches[i], &err);
    player->stretch_count = 0;
    if (status != ST_OK)
        recovery_fail(replay->recovery, status, &err);
}

/* Applies the stretches that were given out. */
static enum status play_all(struct replay *replay, struct error *err)
{
    if (replay->block_bytes < ALONE_BYTES) {
        for (unsigned i = 0; i < replay->count; i++)
            play(i, replay);
    } else {
        crew_run(&replay->recovery->crew, play, replay);
    }
    if (!recovery_has_failed(replay->recovery))
        return ST_OK;
    *err = replay->recovery->error;
    return replay->recovery->failed;
}

/* ---- blocks -------------------------------------------------------------------- */

static enum status give_out(struct replay *replay, const struct stretch_of_stream *stretch,
                            struct error *err)
{
    unsigned number = (unsigned)(hash_stream(stretch->table_id, stretch->stream) % replay->count);
    struct player *player = replay->players[number];
    if (stretch->records.len == 0)
        return ST_OK;
    if (player->stretch_count == player->stretch_room) {
        size_t room = player->stretch_room == 0 ? 64 : player->stretch_room * 2;
        struct stretch_of_stream *stretches = realloc(player->stretches, room * sizeof *stretches);
        if (stretches == NULL)
            return error_nomem(err);
        player->stretches = stretches;
        player->stretch_room = room;
    }
    player->stretches[player->stretch_count++] = *stretch;
    return ST_OK;
}

/* A change of the tables, applied alone. */
static enum status change_tables(struct replay *replay, const struct record *record,
                                 struct error *err)
{
    if (record->op == RECORD_TABLE_DROPPED) {
        recovery_drop(replay->recovery, record->place.table_id);
        return ST_OK;
    }
    if (recovery_is_gone(replay->recovery, record->place.table_id))
        return ST_OK;
    struct error why = { 0 };
    enum status status = recovery_take_image(replay->recovery, record->table, &why);
    if (status == ST_INVALID_ARGUMENT)
        return recovery_damage(replay->recovery, replay->file, replay->offset, replay->block_bytes,
                               why.text, err);
    return status == ST_OK ? ST_OK : error_set(err, status, "%s", why.text);
}

/* Takes one record on: to the stretch that goes on with it, or to the tables. */
static enum status take_record(struct replay *replay, struct stretch_of_stream *stretch,
                               const uint8_t *begin, const struct record *record, struct error *err)
{
    bool is_ddl = record->op < RECORD_PLACE;
    if (!is_ddl && stretch->records.data != NULL && stretch->table_id == record->place.table_id &&
        stretch->stream == record->place.stream)
        return ST_OK;
    if (stretch->records.data != NULL)
        stretch->records.len = (size_t)(begin - stretch->records.data);
    enum status status = give_out(replay, stretch, err);
    *stretch = (struct stretch_of_stream){ { NULL, 0 }, 0, 0 };
    if (status != ST_OK || !is_ddl) {
        *stretch = (struct stretch_of_stream){ { begin, 0 },
                                               record->place.table_id,
                                               record->place.stream };
        return status;
    }
    status = play_all(replay, err);
    return status == ST_OK ? change_tables(replay, record, err) : status;
}

enum status replay_block(struct replay *replay, struct bytes_view payload, const char *file,
                         uint64_t offset, struct error *err)
{
    struct record_reader *scan = &replay->scan;
    struct stretch_of_stream stretch = { { NULL, 0 }, 0, 0 };
    struct record record;
    enum status status = ST_OK;
    replay->file = file;
    replay->offset = offset;
    replay->block_bytes = payload.len;
    record_reader_init(scan, payload);
    for (;;) {
        const uint8_t *begin = scan->in.at;
        if (status != ST_OK || !record_next(scan, &record)) {
            if (stretch.records.data != NULL)
                stretch.records.len = (size_t)(begin - stretch.records.data);
            break;
        }
        status = take_record(replay, &stretch, begin, &record, err);
    }
    if (status == ST_OK)
        status = give_out(replay, &stretch, err);
    if (status == ST_OK)
        status = play_all(replay, err);
    if (status == ST_OK && record_reader_fault(scan) != NULL)
        status = recovery_damage(replay->recovery, file, offset, payload.len,
                                 record_reader_fault(scan), err);
    return status;
}

/* ---- life ---------------------------------------------------------------------- */

struct replay *replay_new(struct recovery *recovery)
{
    struct replay *replay = calloc(1, sizeof *replay);
    if (replay == NULL)
        return NULL;
    replay->recovery = recovery;
    replay->count = recovery->crew.size;
    for (unsigned i = 0; i < replay->count; i++) {
        replay->players[i] = calloc(1, sizeof *replay->players[i]);
        if (replay->players[i] == NULL) {
            replay_free(replay);
            return NULL;
        }
    }
    return replay;
}

void replay_free(struct replay *replay)
{
    for (unsigned i = 0; replay != NULL && i < replay->count; i++) {
        if (replay->players[i] == NULL)
            continue;
        forget_streams(replay->players[i]);
        free(replay->players[i]->stretches);
        free(replay->players[i]);
    }
    free(replay);
}

void replay_begin_run(struct replay *replay, uint64_t run)
{
    for (unsigned i = 0; i < replay->count; i++)
        forget_streams(replay->players[i]);
    replay->has_bounds =
        replay->recovery->result.has_snapshot && run == replay->recovery->snapshot_run;
}
