/* packed: the PACKED form, tokens at little more than 2 bytes each.
 *
 * A token's 24 hash bits are cut into a bucket (the high 8) and a low part
 * (the other 16). The low parts lie in token order; how many there are in each
 * bucket is a bitmap while there are few tokens (a 1 for each token, a 0 at
 * the end of each bucket) and a byte a bucket beyond that. The few tokens that
 * carry a rho are listed whole as well. Takes some 2.35 bytes a token at 100,
 * 2.2 at 3,000.
 *
 * A bucket of more than 255 tokens, which only chosen values make, does not
 * fit: the caller goes on to registers. */
#ifndef CARDINAL_SKETCH_PACKED_H
#define CARDINAL_SKETCH_PACKED_H

#include "daemon/sketch/cell.h"

/* What became of an addition. */
enum packed_result {
    PACKED_UNCHANGED,
    PACKED_CHANGED,
    PACKED_FULL, /* the form cannot take it: nothing was done */
    PACKED_NO_MEMORY,
};

/* Makes *word a PACKED of n sorted tokens. */
enum packed_result packed_build(uint64_t *word, const struct sketch_shape *shape,
                                const uint32_t *tokens, uint32_t n);

/* Adds a token. Chosen by the CPU from the two that come behind, which do the same. */
extern enum packed_result (*packed_add)(uint64_t *word, const struct sketch_shape *shape,
                                        uint32_t token);
enum packed_result packed_add_any(uint64_t *word, const struct sketch_shape *shape, uint32_t token);
enum packed_result packed_add_v3(uint64_t *word, const struct sketch_shape *shape, uint32_t token);

/* Bytes taken from the heap. */
size_t packed_bytes(uint64_t word);

/* What adding a token would do, as far as memory goes. */
enum packed_need {
    PACKED_NEEDS_NOTHING, /* the token is held */
    PACKED_HAS_ROOM,      /* for this one alone */
    PACKED_GROWS,
    PACKED_OVERFLOWS, /* a bucket may become too full for the form */
};
enum packed_need packed_need(uint64_t word, uint32_t token);

/* Asks the CPU for the lines where a token is looked for. */
void packed_prefetch(uint64_t word, uint32_t token);

/* All tokens in order, into out, which has room for the word's count. */
void packed_read(uint64_t word, uint32_t *out);

/* Asks the CPU for all that packed_read() looks at. */
void packed_expect(uint64_t word);

struct counts;

/* Goes through the tokens in order. Plain data; the cell stays as it is
 * meanwhile. */
struct packed_iter {
    const uint16_t *low; /* the next token's */
    const uint16_t *lows;
    const uint32_t *rho;
    const uint64_t *bitmap; /* NULL: counts */
    const struct counts *counts;
    uint32_t bucket;
    uint32_t bucket_left; /* counts */
    uint32_t bit;         /* bitmap */
    uint8_t precision;
};

void packed_iter_init(struct packed_iter *iter, uint64_t word, const struct sketch_shape *shape);

/* The next token; call it count times at most. */
uint32_t packed_iter_next(struct packed_iter *iter);

#endif
