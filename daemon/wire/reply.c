#include "daemon/wire/reply.h"

#include <assert.h>
#include <string.h>

#include "daemon/wire/cursor.h"
#include "daemon/wire/reply_frame.h"
#include "daemon/wire/reply_table.h"
#include "proto/frame.h"
#include "proto/utf8.h"

#define SMALL_BODY 100u /* bytes: its length takes one */

static void put_text(uint8_t *out, const char *text, size_t len)
{
    const uint8_t *bytes = (const uint8_t *)text;
    for (size_t at = 0; at < len;) {
        size_t step = utf8_char(bytes + at, len - at);
        if (step == 0) {
            out[at++] = '?';
            continue;
        }
        memcpy(out + at, bytes + at, step);
        at += step;
    }
}

size_t reply_error(uint8_t out[REPLY_ERROR_MAX], uint64_t id, const struct error *error)
{
    size_t text_len = strnlen(error->text, sizeof error->text);
    uint8_t *at = out + FRAME_HEADER_BYTES;
    if (id != 0)
        at = varint_put(varint_put(at, WIRE_TAG(RESPONSE_ID, WIRE_VARINT)), id);
    at = varint_put(varint_put(at, WIRE_TAG(RESPONSE_STATUS, WIRE_VARINT)), error->code);
    at = varint_put(varint_put(at, WIRE_TAG(RESPONSE_MESSAGE, WIRE_BYTES)), text_len);
    put_text(at, error->text, text_len);
    at += text_len;
    frame_put_header(out, (size_t)(at - out) - FRAME_HEADER_BYTES);
    return (size_t)(at - out);
}

/* Header, id, status (one byte), the text's length (two), the text. */
static_assert(FRAME_HEADER_BYTES + 11 + 2 + 3 + ERROR_TEXT_MAX <= REPLY_ERROR_MAX,
              "an error's frame fits");

enum status reply_hello(const struct reply_to *to, const struct hello_reply *reply,
                        struct error *err)
{
    enum {
        VERSION = 1,
        FEATURES = 2,
        SERVER_VERSION = 3,
        MAX_FRAME = 4,
        MAX_BATCH_VALUES = 5,
        MAX_IN_FLIGHT = 6,
        MAX_KEY = 7
    };
    struct reply_frame frame;
    reply_frame_begin(&frame, to, REQUEST_HELLO, SMALL_BODY);
    writer_uint(&frame.w, VERSION, reply->version);
    writer_uint(&frame.w, FEATURES, reply->features);
    writer_string(&frame.w, SERVER_VERSION, reply->server_version);
    writer_uint(&frame.w, MAX_FRAME, reply->max_frame);
    writer_uint(&frame.w, MAX_BATCH_VALUES, reply->max_batch_values);
    writer_uint(&frame.w, MAX_IN_FLIGHT, reply->max_in_flight);
    writer_uint(&frame.w, MAX_KEY, reply->max_key);
    return reply_frame_end(&frame, err);
}

enum status reply_ping(const struct reply_to *to, struct error *err)
{
    struct reply_frame frame;
    reply_frame_begin(&frame, to, REQUEST_PING, 0);
    return reply_frame_end(&frame, err);
}

enum status reply_create_table(const struct reply_to *to, bool created,
                               const struct table_reply *table, struct error *err)
{
    enum { CREATED = 1, TABLE = 2 };
    struct reply_frame frame;
    reply_frame_begin(&frame, to, REQUEST_CREATE_TABLE, table_reply_size(table));
    writer_uint(&frame.w, CREATED, created);
    table_reply_write(&frame.w, TABLE, table);
    return reply_frame_end(&frame, err);
}

enum status reply_alter_table(const struct reply_to *to, const struct table_reply *table,
                              struct error *err)
{
    enum { TABLE = 1 };
    struct reply_frame frame;
    reply_frame_begin(&frame, to, REQUEST_ALTER_TABLE, table_reply_size(table));
    table_reply_write(&frame.w, TABLE, table);
    return reply_frame_end(&frame, err);
}

enum status reply_drop_table(const struct reply_to *to, bool dropped, struct error *err)
{
    enum { DROPPED = 1 };
    struct reply_frame frame;
    reply_frame_begin(&frame, to, REQUEST_DROP_TABLE, SMALL_BODY);
    writer_uint(&frame.w, DROPPED, dropped);
    return reply_frame_end(&frame, err);
}

enum status reply_describe_table(const struct reply_to *to, const struct table_reply *table,
                                 uint64_t digest, struct error *err)
{
    enum { TABLE = 1, DIGEST = 2 };
    struct reply_frame frame;
    reply_frame_begin(&frame, to, REQUEST_DESCRIBE_TABLE, table_reply_size(table));
    table_reply_write(&frame.w, TABLE, table);
    writer_fixed64(&frame.w, DIGEST, digest);
    return reply_frame_end(&frame, err);
}

enum status reply_ingest(const struct reply_to *to, const struct ingest_reply *reply,
                         struct error *err)
{
    enum { ROWS = 1, VALUES = 2, CHANGES = 3 };
    struct reply_frame frame;
    reply_frame_begin(&frame, to, REQUEST_INGEST, SMALL_BODY);
    writer_uint(&frame.w, ROWS, reply->rows);
    writer_uint(&frame.w, VALUES, reply->values);
    writer_uint(&frame.w, CHANGES, reply->changes);
    return reply_frame_end(&frame, err);
}

/* A CheckpointReply or a BackupReply, whose fields are the same. */
static enum status reply_kept(const struct reply_to *to, enum request_kind kind,
                              const struct checkpoint_reply *reply, struct error *err)
{
    enum { SNAPSHOT = 1, TABLES = 2, KEYS = 3, BYTES = 4 };
    struct reply_frame frame;
    reply_frame_begin(&frame, to, kind, SMALL_BODY);
    writer_uint(&frame.w, SNAPSHOT, reply->snapshot);
    writer_uint(&frame.w, TABLES, reply->tables);
    writer_uint(&frame.w, KEYS, reply->keys);
    writer_uint(&frame.w, BYTES, reply->bytes);
    return reply_frame_end(&frame, err);
}

enum status reply_checkpoint(const struct reply_to *to, const struct checkpoint_reply *reply,
                             struct error *err)
{
    return reply_kept(to, REQUEST_CHECKPOINT, reply, err);
}

enum status reply_backup(const struct reply_to *to, const struct checkpoint_reply *reply,
                         struct error *err)
{
    return reply_kept(to, REQUEST_BACKUP, reply, err);
}

enum status reply_delete(const struct reply_to *to, uint64_t deleted, struct error *err)
{
    enum { DELETED = 1 };
    struct reply_frame frame;
    reply_frame_begin(&frame, to, REQUEST_DELETE, SMALL_BODY);
    writer_uint(&frame.w, DELETED, deleted);
    return reply_frame_end(&frame, err);
}

enum status reply_stats(const struct reply_to *to, const char *version,
                        const struct stat_reply *stats, size_t count, struct error *err)
{
    enum { VERSION = 1, STATS = 2 };
    enum { STAT_NAME = 1, STAT_VALUE = 2 };
    struct reply_frame frame;
    reply_frame_begin(&frame, to, REQUEST_STATS, 32 * count);
    writer_string(&frame.w, VERSION, version);
    for (size_t i = 0; i < count; i++) {
        struct writer_mark mark = writer_open(&frame.w, STATS, SMALL_BODY);
        writer_string(&frame.w, STAT_NAME, stats[i].name);
        writer_uint(&frame.w, STAT_VALUE, stats[i].value);
        writer_close(&frame.w, mark);
    }
    return reply_frame_end(&frame, err);
}
