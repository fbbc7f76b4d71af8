/* decode_sketches: the bodies of the requests that carry whole sketches or compare
 * and merge them. What decode.h says of failures, views and threads holds here. */
#ifndef CARDINAL_WIRE_DECODE_SKETCHES_H
#define CARDINAL_WIRE_DECODE_SKETCHES_H

#include "daemon/wire/decode.h"

struct compare_request {
    struct bytes_view table;
    struct bytes_view column;
    struct selector a;
    struct selector b;
};

struct top_request {
    struct bytes_view table;
    struct bytes_view column;
    struct selector selector;
    uint32_t limit; /* 1..TOP_KEYS_MAX */
};

struct merge_request {
    struct bytes_view table;
    struct bytes_view into;
    struct selector from;
    enum ack ack;
};

struct export_request {
    struct bytes_view table;
    struct bytes_view column;
    struct selector selector;
    uint32_t format;              /* as the client has it: the codec knows which there are */
    uint32_t limit;               /* sketches; 0: the server's choice */
    uint32_t max_bytes;           /* 0: the server's choice */
    struct bytes_view page_token; /* empty: the first page; see page_token.h */
};

/* A sketch as bytes that were not looked at yet. */
struct key_sketch {
    struct bytes_view key;
    struct bytes_view sketch;
};

struct import_request {
    struct bytes_view table;
    struct bytes_view column;
    uint32_t format;
    const struct key_sketch *sketches;
    size_t sketch_count; /* at least 1 */
    bool any_hash;
    enum ack ack;
};

enum status decode_compare(struct bytes_view body, const struct decode_limits *limits,
                           struct arena *arena, struct compare_request *out, struct error *err);
enum status decode_top(struct bytes_view body, const struct decode_limits *limits,
                       struct arena *arena, struct top_request *out, struct error *err);
enum status decode_merge(struct bytes_view body, const struct decode_limits *limits,
                         struct arena *arena, struct merge_request *out, struct error *err);
enum status decode_export(struct bytes_view body, const struct decode_limits *limits,
                          struct arena *arena, struct export_request *out, struct error *err);
enum status decode_import(struct bytes_view body, const struct decode_limits *limits,
                          struct arena *arena, struct import_request *out, struct error *err);

#endif
