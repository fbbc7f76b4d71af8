/* reply: frames with Responses, appended to an output buffer.
 *
 * Each function appends one whole frame, or leaves the buffer as it was:
 * ST_TOO_LARGE when the payload would exceed max_frame (err says by how much),
 * ST_RESOURCE_EXHAUSTED without memory. An error is answered by reply_error(),
 * which needs no memory and cannot fail.
 *
 * Strings are bytes that end with NUL or views; all are only read during the
 * call. Thread safety: none for one buffer. */
#ifndef CARDINAL_WIRE_REPLY_H
#define CARDINAL_WIRE_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/sketch/estimated.h"
#include "daemon/table/selector.h"
#include "daemon/wire/outbuf.h"
#include "daemon/wire/request.h"
#include "daemon/wire/writer.h"
#include "proto/status.h"
#include "proto/value_hash.h"

struct arena;

/* Where a reply goes and what it answers. */
struct reply_to {
    struct outbuf *out;
    uint64_t id;
    size_t max_frame; /* bytes of payload at most */
};

#define REPLY_ERROR_MAX 320u /* bytes of an error's frame at most */

/* Writes the frame of an error into out and returns its length. The text is cut
 * to fit, and what is not UTF-8 in it replaced by '?'. */
size_t reply_error(uint8_t out[REPLY_ERROR_MAX], uint64_t id, const struct error *error);

struct hello_reply {
    uint32_t version;
    uint64_t features;
    const char *server_version;
    uint32_t max_frame;
    uint32_t max_batch_values;
    uint32_t max_in_flight;
    uint32_t max_key;
};

struct table_reply_column {
    const char *name;
    uint32_t id;
};

/* A table, as TableInfo tells it. */
struct table_reply {
    uint64_t id;
    const char *name;
    const struct table_reply_column *columns;
    size_t column_count;
    unsigned precision;
    enum hash_kind hash;
    uint64_t seed;
    uint64_t keys;
    uint64_t cells;
    uint64_t bytes;
};

struct ingest_reply {
    uint64_t rows;
    uint64_t values;
    uint64_t changes;
};

struct stat_reply {
    const char *name;
    uint64_t value;
};

enum status reply_hello(const struct reply_to *to, const struct hello_reply *reply,
                        struct error *err);
enum status reply_ping(const struct reply_to *to, struct error *err);
enum status reply_create_table(const struct reply_to *to, bool created,
                               const struct table_reply *table, struct error *err);
enum status reply_alter_table(const struct reply_to *to, const struct table_reply *table,
                              struct error *err);
enum status reply_drop_table(const struct reply_to *to, bool dropped, struct error *err);
enum status reply_describe_table(const struct reply_to *to, const struct table_reply *table,
                                 uint64_t digest, struct error *err);
enum status reply_ingest(const struct reply_to *to, const struct ingest_reply *reply,
                         struct error *err);
enum status reply_delete(const struct reply_to *to, uint64_t deleted, struct error *err);

/* Of a checkpoint or a backup. */
struct checkpoint_reply {
    uint64_t snapshot;
    uint64_t tables;
    uint64_t keys;
    uint64_t bytes;
};

enum status reply_checkpoint(const struct reply_to *to, const struct checkpoint_reply *reply,
                             struct error *err);
enum status reply_backup(const struct reply_to *to, const struct checkpoint_reply *reply,
                         struct error *err);
enum status reply_stats(const struct reply_to *to, const char *version,
                        const struct stat_reply *stats, size_t count, struct error *err);

/* The columns that estimates are of. */
struct reply_columns {
    const char *const *names;
    size_t count;
};

/* The payload's exact size, so that a request whose answer cannot fit is refused
 * before any key is read. */
size_t reply_cardinality_size(uint64_t id, const struct reply_columns *columns, size_t key_count,
                              size_t found_count);

/* estimates holds columns->count for each key, one key after the other. */
enum status reply_cardinality(const struct reply_to *to, const struct reply_columns *columns,
                              const struct estimate *estimates, const bool *found, size_t key_count,
                              struct error *err);

enum status reply_union(const struct reply_to *to, uint64_t keys,
                        const struct reply_columns *columns, const struct estimate *estimates,
                        struct error *err);

/* An estimate and its standard error. */
struct reply_quantity {
    double value;
    double error;
};

struct compare_reply {
    uint64_t keys_a;
    uint64_t keys_b;
    struct reply_quantity a;
    struct reply_quantity b;
    struct reply_quantity both;
    struct reply_quantity common;
    struct reply_quantity jaccard;
    struct reply_quantity only_a;
    struct reply_quantity only_b;
    bool below_noise;
    bool tokens;
};

enum status reply_compare(const struct reply_to *to, const struct compare_reply *reply,
                          struct error *err);
enum status reply_merge(const struct reply_to *to, uint64_t keys, uint64_t changes,
                        struct error *err);
enum status reply_import(const struct reply_to *to, uint64_t sketches, uint64_t changes,
                         struct error *err);

/* What the answers to many Cardinality requests of a key each have in common: they are those
 * that reply_cardinality() would make. */
struct point_reply {
    const uint8_t *columns; /* their names, encoded; in the arena */
    size_t columns_bytes;
    size_t column_count;
    size_t key_bytes[2];  /* of KeyEstimates, of a key that is not there and of one that is */
    size_t body_bytes[2]; /* of the reply's body */
};

enum status point_reply_init(struct point_reply *reply, const struct reply_columns *columns,
                             struct arena *arena, struct error *err);

/* Bytes of a frame, at most. */
size_t point_reply_max(const struct point_reply *reply);

/* Writes a frame; returns its end. */
uint8_t *point_reply_put(const struct point_reply *reply, uint8_t *at, uint64_t id, bool found,
                         const struct estimate *estimates);

/* A frame that is being written; see reply_frame.h. */
struct reply_frame {
    struct writer w; /* for the body */
    size_t start;    /* of the frame in the buffer */
    struct writer_mark body;
};

/* A reply that is built item by item until it is full: begin, any number of
 * items, then end or abandon. While one is open nothing else may be appended to
 * the buffer. */
struct reply_page {
    struct reply_frame frame;
    size_t max_frame; /* bytes of payload at most */
    size_t max_bytes; /* bytes of payload that the client wants at most */
    size_t columns;   /* estimates per key of a scan */
    uint32_t items;   /* put in so far */
    uint32_t token_field;
};

enum page_result {
    PAGE_ADDED,
    PAGE_FULL,     /* not added: ask for it on the next page */
    PAGE_TOO_WIDE, /* not added, and never will be: alone it is over max_frame */
    PAGE_NOMEM,    /* not added */
};

/* max_bytes: of the page's payload, 0 for none of the client's own. One item
 * always fits unless it is over max_frame. Room for the token that names the
 * last item is set aside. */
enum status reply_scan_begin(struct reply_page *page, const struct reply_to *to,
                             const struct reply_columns *columns, uint32_t max_bytes,
                             struct error *err);
/* The keys of a TopReply come by reply_scan_key(), and there is no token. */
enum status reply_top_begin(struct reply_page *page, const struct reply_to *to,
                            const struct reply_columns *column, struct error *err);
enum page_result reply_scan_key(struct reply_page *page, struct bytes_view key,
                                const struct estimate *estimates);

enum status reply_list_tables_begin(struct reply_page *page, const struct reply_to *to,
                                    struct error *err);
enum page_result reply_list_tables_table(struct reply_page *page, const struct table_reply *table);

enum status reply_export_begin(struct reply_page *page, const struct reply_to *to,
                               uint32_t max_bytes, struct error *err);
enum page_result reply_export_sketch(struct reply_page *page, struct bytes_view key,
                                     struct bytes_view sketch);

/* Completes the frame. next_token is empty on the last page, else the token
 * (page_token.h) of the page after the last item added. */
void reply_page_end(struct reply_page *page, struct bytes_view next_token);

/* Takes the open reply out of the buffer. */
void reply_page_abandon(struct reply_page *page);

#endif
