#include <string.h>

#include "daemon/wire/reply.h"
#include "daemon/wire/reply_frame.h"

enum {
    KEYS_A = 1,
    KEYS_B = 2,
    GROUP_A = 3,
    GROUP_B = 4,
    BOTH = 5,
    COMMON = 6,
    JACCARD = 7,
    ONLY_A = 8,
    ONLY_B = 9,
    BELOW_NOISE = 10,
    TOKENS = 11
}; /* fields of CompareReply */

#define QUANTITY_BYTES 20u
#define COMPARE_BYTES 200u
#define COUNTS_BYTES 24u

static void write_double(struct writer *w, uint32_t field, double value)
{
    uint64_t word;
    memcpy(&word, &value, sizeof word);
    writer_fixed64(w, field, word);
}

static void write_quantity(struct writer *w, uint32_t field, struct reply_quantity quantity)
{
    enum { VALUE = 1, ERROR = 2 };
    struct writer_mark mark = writer_open(w, field, QUANTITY_BYTES);
    write_double(w, VALUE, quantity.value);
    write_double(w, ERROR, quantity.error);
    writer_close(w, mark);
}

enum status reply_compare(const struct reply_to *to, const struct compare_reply *reply,
                          struct error *err)
{
    struct reply_frame frame;
    reply_frame_begin(&frame, to, REQUEST_COMPARE, COMPARE_BYTES);
    writer_uint(&frame.w, KEYS_A, reply->keys_a);
    writer_uint(&frame.w, KEYS_B, reply->keys_b);
    write_quantity(&frame.w, GROUP_A, reply->a);
    write_quantity(&frame.w, GROUP_B, reply->b);
    write_quantity(&frame.w, BOTH, reply->both);
    write_quantity(&frame.w, COMMON, reply->common);
    write_quantity(&frame.w, JACCARD, reply->jaccard);
    write_quantity(&frame.w, ONLY_A, reply->only_a);
    write_quantity(&frame.w, ONLY_B, reply->only_b);
    writer_uint(&frame.w, BELOW_NOISE, reply->below_noise);
    writer_uint(&frame.w, TOKENS, reply->tokens);
    return reply_frame_end(&frame, err);
}

/* A reply of two numbers. */
static enum status reply_counts(const struct reply_to *to, enum request_kind kind, uint64_t first,
                                uint64_t second, struct error *err)
{
    struct reply_frame frame;
    reply_frame_begin(&frame, to, kind, COUNTS_BYTES);
    writer_uint(&frame.w, 1, first);
    writer_uint(&frame.w, 2, second);
    return reply_frame_end(&frame, err);
}

enum status reply_merge(const struct reply_to *to, uint64_t keys, uint64_t changes,
                        struct error *err)
{
    return reply_counts(to, REQUEST_MERGE, keys, changes, err);
}

enum status reply_import(const struct reply_to *to, uint64_t sketches, uint64_t changes,
                         struct error *err)
{
    return reply_counts(to, REQUEST_IMPORT, sketches, changes, err);
}
