/* request: which request a frame's payload holds, read in place.
 *
 * Thread safety: nothing here has state of its own. */
#ifndef CARDINAL_WIRE_REQUEST_H
#define CARDINAL_WIRE_REQUEST_H

#include <stdint.h>

#include "daemon/table/selector.h"
#include "proto/status.h"

/* How a request is to be treated. */
#define REQUEST_READS 1u  /* reads tables; may run beside other reads of its connection */
#define REQUEST_WRITES 2u /* changes tables: waits for all before it, and those after it wait */
#define REQUEST_LONG 4u   /* may go over many keys: does not belong on a loop */

/* name, number of its field in Request and Response, flags. */
#define REQUEST_MAP(X)                                                                             \
    X(HELLO, hello, 10, 0)                                                                         \
    X(PING, ping, 11, 0)                                                                           \
    X(CREATE_TABLE, create_table, 12, REQUEST_WRITES)                                              \
    X(ALTER_TABLE, alter_table, 13, REQUEST_WRITES | REQUEST_LONG)                                 \
    X(DROP_TABLE, drop_table, 14, REQUEST_WRITES | REQUEST_LONG)                                   \
    X(LIST_TABLES, list_tables, 15, REQUEST_READS)                                                 \
    X(DESCRIBE_TABLE, describe_table, 16, REQUEST_READS | REQUEST_LONG)                            \
    X(INGEST, ingest, 17, REQUEST_WRITES)                                                          \
    X(CARDINALITY, cardinality, 18, REQUEST_READS)                                                 \
    X(UNION, union, 19, REQUEST_READS | REQUEST_LONG)                                              \
    X(SCAN, scan, 20, REQUEST_READS | REQUEST_LONG)                                                \
    X(DELETE, delete, 21, REQUEST_WRITES | REQUEST_LONG)                                           \
    X(STATS, stats, 22, 0)                                                                         \
    X(COMPARE, compare, 23, REQUEST_READS | REQUEST_LONG)                                          \
    X(MERGE, merge, 24, REQUEST_WRITES | REQUEST_LONG)                                             \
    X(EXPORT, export, 25, REQUEST_READS | REQUEST_LONG)                                            \
    X(IMPORT, import, 26, REQUEST_WRITES | REQUEST_LONG)                                           \
    X(TOP, top, 27, REQUEST_READS | REQUEST_LONG)                                                  \
    X(CHECKPOINT, checkpoint, 28, REQUEST_READS | REQUEST_LONG)                                    \
    X(BACKUP, backup, 29, REQUEST_READS | REQUEST_LONG)

enum request_kind {
#define REQUEST_ENUM(upper, lower, field, flags) REQUEST_##upper,
    REQUEST_MAP(REQUEST_ENUM)
#undef REQUEST_ENUM
        REQUEST_KIND_COUNT,
    REQUEST_UNKNOWN = REQUEST_KIND_COUNT, /* no body, or none that is known */
};

struct request_kind_info {
    const char *name; /* "create_table", as counters and messages spell it */
    uint32_t field;   /* of its body in Request, and of its reply in Response */
    unsigned flags;
};

/* kind < REQUEST_KIND_COUNT. Lives forever. */
const struct request_kind_info *request_kind_info(enum request_kind kind);

#define REQUEST_FIELDS_MAX 1024u /* on the top level, those included that are unknown */

/* A request before its body is decoded. */
struct request_head {
    uint64_t id;
    uint32_t deadline_ms; /* 0: none */
    enum request_kind kind;
    struct bytes_view body; /* in the payload */
};

/* Reads the top level of a Request. Unknown fields are skipped, a repeated id
 * or deadline_ms counts as it came last. *head is filled in as far as it was
 * read, also on failure, so that the answer can carry the id:
 * ST_MALFORMED says what is wrong and at which byte; ST_UNIMPLEMENTED: no body
 * that is known here; ST_INVALID_ARGUMENT: more than one body (protobuf would
 * merge them or keep the last); ST_TOO_LARGE: more than REQUEST_FIELDS_MAX fields. */
enum status request_peek(struct bytes_view payload, struct request_head *head, struct error *err);

#endif
