#include "daemon/wire/reply_estimates.h"

#include <endian.h>
#include <string.h>

#include "daemon/wire/arena.h"
#include "daemon/wire/cursor.h"
#include "daemon/wire/reply.h"
#include "daemon/wire/reply_frame.h"
#include "proto/frame.h"

enum { KEY = 1, FOUND = 2, ESTIMATES = 3, RSE = 4 }; /* fields of KeyEstimates */
enum { UNION_KEYS = 1, UNION_COLUMNS = 2, UNION_ESTIMATES = 3, UNION_RSE = 4 };

/* A packed run in a field whose tag takes one byte; none, if it is empty. */
static size_t run_size(size_t bytes)
{
    return bytes > 0 ? 1 + varint_size(bytes) + bytes : 0;
}

static uint8_t *put_estimates(uint8_t *at, uint32_t field, const struct estimate *estimates,
                              size_t n)
{
    if (n == 0)
        return at;
    at = varint_put(varint_put(at, WIRE_TAG(field, WIRE_BYTES)), 8 * n);
    for (size_t i = 0; i < n; i++, at += 8) {
        uint64_t word;
        memcpy(&word, &estimates[i].value, sizeof word);
        word = htole64(word);
        memcpy(at, &word, sizeof word);
    }
    return at;
}

static uint8_t *put_rse(uint8_t *at, uint32_t field, const struct estimate *estimates, size_t n)
{
    if (n == 0)
        return at;
    at = varint_put(varint_put(at, WIRE_TAG(field, WIRE_BYTES)), 4 * n);
    for (size_t i = 0; i < n; i++, at += 4) {
        float rse = (float)estimates[i].rse;
        uint32_t word;
        memcpy(&word, &rse, sizeof word);
        word = htole32(word);
        memcpy(at, &word, sizeof word);
    }
    return at;
}

static size_t key_size(struct bytes_view key, bool found, size_t columns)
{
    return run_size(key.len) + (found ? 2 : 0) + run_size(8 * columns) + run_size(4 * columns);
}

size_t key_estimates_size(struct bytes_view key, bool found, size_t columns)
{
    size_t size = key_size(key, found, columns);
    return 1 + varint_size(size) + size;
}

void key_estimates_write(struct writer *w, struct bytes_view key, bool found,
                         const struct estimate *estimates, size_t columns)
{
    size_t size = key_size(key, found, columns);
    uint8_t *at = writer_room(w, 1 + varint_size(size) + size);
    if (at == NULL)
        return;
    at = varint_put(varint_put(at, WIRE_TAG(REPLY_KEYS, WIRE_BYTES)), size);
    if (key.len > 0) {
        at = varint_put(varint_put(at, WIRE_TAG(KEY, WIRE_BYTES)), key.len);
        memcpy(at, key.data, key.len);
        at += key.len;
    }
    if (found)
        at = varint_put(varint_put(at, WIRE_TAG(FOUND, WIRE_VARINT)), 1);
    at = put_estimates(at, ESTIMATES, estimates, columns);
    put_rse(at, RSE, estimates, columns);
}

static size_t columns_size(const struct reply_columns *columns)
{
    size_t size = 0;
    for (size_t i = 0; i < columns->count; i++) {
        size_t len = strlen(columns->names[i]);
        size += 1 + varint_size(len) + len;
    }
    return size;
}

void columns_write(struct writer *w, uint32_t field, const struct reply_columns *columns)
{
    for (size_t i = 0; i < columns->count; i++)
        writer_element(w, field, columns->names[i]);
}

static size_t cardinality_body_size(const struct reply_columns *columns, size_t key_count,
                                    size_t found_count)
{
    struct bytes_view no_key = { NULL, 0 };
    return columns_size(columns) + found_count * key_estimates_size(no_key, true, columns->count) +
           (key_count - found_count) * key_estimates_size(no_key, false, columns->count);
}

size_t reply_cardinality_size(uint64_t id, const struct reply_columns *columns, size_t key_count,
                              size_t found_count)
{
    size_t body = cardinality_body_size(columns, key_count, found_count);
    return reply_head_size(id, REQUEST_CARDINALITY, body) + body;
}

enum status reply_cardinality(const struct reply_to *to, const struct reply_columns *columns,
                              const struct estimate *estimates, const bool *found, size_t key_count,
                              struct error *err)
{
    struct reply_frame frame;
    struct bytes_view no_key = { NULL, 0 };
    size_t found_count = 0;
    for (size_t i = 0; i < key_count; i++)
        found_count += found[i];
    reply_frame_begin(&frame, to, REQUEST_CARDINALITY,
                      cardinality_body_size(columns, key_count, found_count));
    columns_write(&frame.w, REPLY_COLUMNS, columns);
    for (size_t i = 0; i < key_count; i++)
        key_estimates_write(&frame.w, no_key, found[i], estimates + i * columns->count,
                            columns->count);
    return reply_frame_end(&frame, err);
}

enum status point_reply_init(struct point_reply *reply, const struct reply_columns *columns,
                             struct arena *arena, struct error *err)
{
    struct bytes_view no_key = { NULL, 0 };
    size_t bytes = columns_size(columns);
    uint8_t *encoded = arena_alloc(arena, bytes);
    if (encoded == NULL)
        return error_nomem(err);
    uint8_t *at = encoded;
    for (size_t i = 0; i < columns->count; i++) {
        size_t len = strlen(columns->names[i]);
        at = varint_put(varint_put(at, WIRE_TAG(REPLY_COLUMNS, WIRE_BYTES)), len);
        memcpy(at, columns->names[i], len);
        at += len;
    }
    *reply = (struct point_reply){
        .columns = encoded,
        .columns_bytes = bytes,
        .column_count = columns->count,
    };
    for (unsigned found = 0; found < 2; found++) {
        reply->key_bytes[found] = key_size(no_key, found != 0, columns->count);
        reply->body_bytes[found] = bytes + key_estimates_size(no_key, found != 0, columns->count);
    }
    return ST_OK;
}

size_t point_reply_max(const struct point_reply *reply)
{
    return FRAME_HEADER_BYTES + reply_head_size(UINT64_MAX, REQUEST_CARDINALITY, SIZE_MAX) +
           reply->body_bytes[1];
}

uint8_t *point_reply_put(const struct point_reply *reply, uint8_t *at, uint64_t id, bool found,
                         const struct estimate *estimates)
{
    uint8_t *frame = at;
    at += FRAME_HEADER_BYTES;
    if (id != 0)
        at = varint_put(varint_put(at, WIRE_TAG(RESPONSE_ID, WIRE_VARINT)), id);
    at = varint_put(at, WIRE_TAG(request_kind_info(REQUEST_CARDINALITY)->field, WIRE_BYTES));
    at = varint_put(at, reply->body_bytes[found]);
    memcpy(at, reply->columns, reply->columns_bytes);
    at += reply->columns_bytes;
    at = varint_put(varint_put(at, WIRE_TAG(REPLY_KEYS, WIRE_BYTES)), reply->key_bytes[found]);
    if (found)
        at = varint_put(varint_put(at, WIRE_TAG(FOUND, WIRE_VARINT)), 1);
    at = put_estimates(at, ESTIMATES, estimates, reply->column_count);
    at = put_rse(at, RSE, estimates, reply->column_count);
    frame_put_header(frame, (size_t)(at - frame) - FRAME_HEADER_BYTES);
    return at;
}

enum status reply_union(const struct reply_to *to, uint64_t keys,
                        const struct reply_columns *columns, const struct estimate *estimates,
                        struct error *err)
{
    struct reply_frame frame;
    size_t size = run_size(8 * columns->count) + run_size(4 * columns->count);
    reply_frame_begin(&frame, to, REQUEST_UNION,
                      columns_size(columns) + 1 + varint_size(keys) + size);
    writer_uint(&frame.w, UNION_KEYS, keys);
    columns_write(&frame.w, UNION_COLUMNS, columns);
    uint8_t *at = writer_room(&frame.w, size);
    if (at != NULL) {
        at = put_estimates(at, UNION_ESTIMATES, estimates, columns->count);
        put_rse(at, UNION_RSE, estimates, columns->count);
    }
    return reply_frame_end(&frame, err);
}
