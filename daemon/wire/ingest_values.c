#include "daemon/wire/ingest_values.h"

#include <endian.h>
#include <string.h>

void ingest_refuse(struct ingest_decoder *d, struct cursor *c, enum status status)
{
    d->status = status;
    c->at = c->end;
}

/* Makes room for n more values; false: the batch is refused. */
static bool count_values(struct ingest_decoder *d, struct cursor *c, size_t n)
{
    if (n > d->max_values - d->batch.value_count) {
        ingest_refuse(
            d, c, error_set(d->err, ST_TOO_LARGE, "batch of more than %u values", d->max_values));
        return false;
    }
    d->batch.value_count += n;
    return true;
}

/* Every value takes a byte of the message at least, and is counted before. */
static bool make_room(struct ingest_decoder *d, struct cursor *c)
{
    size_t values = d->head->body.len < d->max_values ? d->head->body.len : d->max_values;
    d->hashes = arena_alloc_array(d->arena, values, HASH_BYTES);
    if (d->hashes == NULL) {
        ingest_refuse(d, c, error_nomem(d->err));
        return false;
    }
    d->hashes_next = d->hashes;
    return true;
}

/* Moves the cell's hashes to the end of the decoder's own room, where more can
 * be appended. */
static bool own_hashes(struct ingest_decoder *d, struct cursor *c, struct batch_cell *cell)
{
    if (d->hashes == NULL && !make_room(d, c))
        return false;
    if (cell->n == 0) {
        cell->hashes = d->hashes_next;
        return true;
    }
    if (cell->hashes + (size_t)cell->n * HASH_BYTES == d->hashes_next)
        return true;
    memcpy(d->hashes_next, cell->hashes, (size_t)cell->n * HASH_BYTES);
    cell->hashes = d->hashes_next;
    d->hashes_next += (size_t)cell->n * HASH_BYTES;
    return true;
}

/* Where n hashes of values that are read here go, behind those the cell has;
 * NULL: the batch is refused. */
static uint8_t *hash_room(struct ingest_decoder *d, struct cursor *c, struct batch_cell *cell,
                          size_t n)
{
    if (!count_values(d, c, n) || !own_hashes(d, c, cell))
        return NULL;
    uint8_t *room = d->hashes_next;
    d->hashes_next += n * HASH_BYTES;
    cell->n += (uint32_t)n;
    return room;
}

static inline void put_hash(uint8_t *room, uint64_t hash)
{
    hash = htole64(hash);
    memcpy(room, &hash, sizeof hash);
}

/* A run of n hashes in the message: pointed to, if it is all the cell has. */
static void add_run(struct ingest_decoder *d, struct cursor *c, struct batch_cell *cell,
                    const uint8_t *run, size_t n)
{
    if (n == 0 || !count_values(d, c, n))
        return;
    d->has_hashes = true;
    if (cell->n == 0) {
        cell->hashes = run;
        cell->n = (uint32_t)n;
        return;
    }
    if (!own_hashes(d, c, cell))
        return;
    memcpy(d->hashes_next, run, n * HASH_BYTES);
    d->hashes_next += n * HASH_BYTES;
    cell->n += (uint32_t)n;
}

static struct bytes_view read_words(struct cursor *c)
{
    struct bytes_view run = cursor_bytes(c);
    if (run.len % 8 != 0)
        cursor_fail(c, "a run of 8-byte numbers of another length", run.data);
    return run;
}

static int64_t unzigzag(uint64_t wire)
{
    return (int64_t)((wire >> 1) ^ -(wire & 1));
}

static double double_at(const uint8_t *bytes)
{
    uint64_t word;
    double value;
    memcpy(&word, bytes, sizeof word);
    word = le64toh(word);
    memcpy(&value, &word, sizeof value);
    return value;
}

static void add_double(struct ingest_decoder *d, struct cursor *c, struct batch_cell *cell)
{
    const uint8_t *word = cursor_fixed(c, 8);
    uint8_t *room = word == NULL ? NULL : hash_room(d, c, cell, 1);
    if (room != NULL)
        put_hash(room, value_hash_double(d->hasher, double_at(word)));
}

static void add_packed_doubles(struct ingest_decoder *d, struct cursor *c, struct batch_cell *cell)
{
    struct bytes_view run = read_words(c);
    uint8_t *room = c->fault != NULL ? NULL : hash_room(d, c, cell, run.len / 8);
    for (size_t i = 0; room != NULL && i < run.len; i += 8)
        put_hash(room + i, value_hash_double(d->hasher, double_at(run.data + i)));
}

static void add_int(struct ingest_decoder *d, struct cursor *c, struct batch_cell *cell)
{
    int64_t value = unzigzag(cursor_varint(c));
    uint8_t *room = c->fault != NULL ? NULL : hash_room(d, c, cell, 1);
    if (room != NULL)
        put_hash(room, value_hash_int(d->hasher, value));
}

/* Numbers of a packed run: each ends with a byte below 0x80. */
static size_t count_varints(struct bytes_view run)
{
    size_t n = 0;
    for (size_t i = 0; i < run.len; i++)
        n += run.data[i] < 0x80;
    return n;
}

static void add_packed_ints(struct ingest_decoder *d, struct cursor *c, struct batch_cell *cell)
{
    struct bytes_view bytes = cursor_bytes(c);
    struct cursor run = cursor_of(bytes);
    uint8_t *room = hash_room(d, c, cell, count_varints(bytes));
    if (room == NULL)
        return;
    while (cursor_more(&run)) {
        int64_t value = unzigzag(cursor_varint(&run));
        if (run.fault == NULL) {
            put_hash(room, value_hash_int(d->hasher, value));
            room += HASH_BYTES;
        }
    }
    cursor_inherit(c, &run);
}

/* A string, and those that follow it at once: room is made for all of them
 * together, which for short ones is half of what they take. */
static void add_strings(struct ingest_decoder *d, struct cursor *c, struct batch_cell *cell)
{
    const struct value_hasher *hasher = d->hasher;
    size_t left = d->max_values - d->batch.value_count;
    size_t n = 0;
    if (!own_hashes(d, c, cell))
        return;
    for (;;) {
        struct bytes_view value = cursor_bytes(c);
        if (c->fault != NULL || n == left)
            break;
        put_hash(d->hashes_next + n * HASH_BYTES, value_hash_bytes(hasher, value.data, value.len));
        n++;
        if (!cursor_more(c) || *c->at != WIRE_TAG(STRINGS, WIRE_BYTES)) {
            hash_room(d, c, cell, n);
            return;
        }
        c->at++;
    }
    if (c->fault == NULL)
        count_values(d, c, left + 1);
}

void ingest_add_values(struct ingest_decoder *d, struct cursor *c, uint64_t tag,
                       struct batch_cell *cell)
{
    struct bytes_view run;
    const uint8_t *word;
    switch (tag) {
    case WIRE_TAG(HASHES, WIRE_BYTES):
        run = read_words(c);
        add_run(d, c, cell, run.data, run.len / HASH_BYTES);
        break;
    case WIRE_TAG(HASHES, WIRE_64BIT):
        word = cursor_fixed(c, 8);
        if (word != NULL)
            add_run(d, c, cell, word, 1);
        break;
    case WIRE_TAG(STRINGS, WIRE_BYTES):
        add_strings(d, c, cell);
        break;
    case WIRE_TAG(INTS, WIRE_BYTES):
        add_packed_ints(d, c, cell);
        break;
    case WIRE_TAG(INTS, WIRE_VARINT):
        add_int(d, c, cell);
        break;
    case WIRE_TAG(DOUBLES, WIRE_BYTES):
        add_packed_doubles(d, c, cell);
        break;
    case WIRE_TAG(DOUBLES, WIRE_64BIT):
        add_double(d, c, cell);
        break;
    default:
        if (WIRE_TAG_FIELD(tag) >= COLUMN && WIRE_TAG_FIELD(tag) <= DOUBLES)
            cursor_wrong_type(c);
        else
            cursor_skip(c, tag);
        break;
    }
}
