/* decode: the bodies of all requests but Ingest, as plain structs.
 *
 * What needs no state to be checked is checked here: names' form, the length of
 * keys, selectors, enums, precision. A failure leaves *out untouched and says
 * ST_MALFORMED (not a message, or strings that are not UTF-8), ST_TOO_LARGE
 * (more keys listed than the limits allow), ST_INVALID_ARGUMENT naming the thing
 * and its value, ST_RESOURCE_EXHAUSTED (the arena is full).
 *
 * Views point into the arena: they live until it is reset, and the frame may
 * go before. Names of tables and columns have valid form.
 *
 * Thread safety: nothing here has state of its own. */
#ifndef CARDINAL_WIRE_DECODE_H
#define CARDINAL_WIRE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/table/selector.h"
#include "daemon/wire/arena.h"
#include "proto/ack.h"
#include "proto/status.h"
#include "proto/value_hash.h"

#define CLIENT_NAME_MAX_BYTES 128u /* of Hello.client */

#define DECODE_FIELDS_MAX 2048u /* protobuf fields of a request, those that list keys apart */

/* An arena of this cap holds every request that the limits let through. */
#define DECODE_ARENA_BYTES(frame_bytes, max_keys)                                                  \
    (2 * (size_t)(frame_bytes) + 256 * ((size_t)(max_keys) + DECODE_FIELDS_MAX))

struct hello_request {
    uint32_t min_version; /* at least 1, at most max_version */
    uint32_t max_version;
    uint64_t features;
    struct bytes_view token;
    struct bytes_view client; /* at most CLIENT_NAME_MAX_BYTES */
};

struct create_table_request {
    struct bytes_view name;
    const struct bytes_view *columns; /* none twice, none reserved */
    size_t column_count;              /* 1..COLUMNS_MAX */
    unsigned precision;               /* PRECISION_DEFAULT where the request had 0 */
    enum hash_kind hash;
    uint64_t seed;
    bool if_not_exists;
    bool no_rollup;
    enum ack ack;
};

struct alter_table_request {
    struct bytes_view table;
    const struct bytes_view *add;
    size_t add_count;
    const struct bytes_view *drop;
    size_t drop_count;
    struct bytes_view rename_to; /* empty: keeps its own */
};

struct drop_table_request {
    struct bytes_view table;
    bool if_exists;
};

struct list_tables_request {
    struct bytes_view prefix;
    uint32_t limit;               /* 0: the server's choice */
    struct bytes_view page_token; /* empty: the first page; see page_token.h */
};

struct describe_table_request {
    struct bytes_view table;
    bool digest;
};

/* columns of the queries: in the order wanted, column_count 0: all. */
struct cardinality_request {
    struct bytes_view table;
    const struct bytes_view *columns;
    size_t column_count;
    const struct bytes_view *keys;
    size_t key_count;
};

struct union_request {
    struct bytes_view table;
    const struct bytes_view *columns;
    size_t column_count;
    struct selector selector;
};

struct scan_request {
    struct bytes_view table;
    const struct bytes_view *columns;
    size_t column_count;
    struct selector selector;     /* never a list */
    uint32_t limit;               /* keys; 0: the server's choice */
    uint32_t max_bytes;           /* 0: the server's choice */
    struct bytes_view page_token; /* empty: the first page; see page_token.h */
};

struct delete_request {
    struct bytes_view table;
    struct selector selector;
};

#define DIRECTORY_MAX_BYTES 4000u

struct backup_request {
    struct bytes_view directory; /* an absolute path, at most DIRECTORY_MAX_BYTES */
};

struct decode_limits {
    uint32_t max_keys; /* keys that one request may list */
};

#define DECODE_MAX_KEYS_DEFAULT 65536u

enum status decode_hello(struct bytes_view body, struct arena *arena, struct hello_request *out,
                         struct error *err);
enum status decode_create_table(struct bytes_view body, struct arena *arena,
                                struct create_table_request *out, struct error *err);
enum status decode_alter_table(struct bytes_view body, struct arena *arena,
                               struct alter_table_request *out, struct error *err);
enum status decode_drop_table(struct bytes_view body, struct arena *arena,
                              struct drop_table_request *out, struct error *err);
enum status decode_list_tables(struct bytes_view body, struct arena *arena,
                               struct list_tables_request *out, struct error *err);
enum status decode_describe_table(struct bytes_view body, struct arena *arena,
                                  struct describe_table_request *out, struct error *err);
enum status decode_cardinality(struct bytes_view body, const struct decode_limits *limits,
                               struct arena *arena, struct cardinality_request *out,
                               struct error *err);
enum status decode_union(struct bytes_view body, const struct decode_limits *limits,
                         struct arena *arena, struct union_request *out, struct error *err);
enum status decode_scan(struct bytes_view body, const struct decode_limits *limits,
                        struct arena *arena, struct scan_request *out, struct error *err);
enum status decode_delete(struct bytes_view body, const struct decode_limits *limits,
                          struct arena *arena, struct delete_request *out, struct error *err);

enum status decode_backup(struct bytes_view body, struct arena *arena, struct backup_request *out,
                          struct error *err);

/* Ping and Stats have no fields: checks that the body is a message at all. */
enum status decode_empty(struct bytes_view body, struct error *err);

#endif
