/* overlap: how much two unions of sketches have in common.
 *
 * Two unions that are still tokens are intersected as tokens, near-exact; else
 * joint maximum likelihood over the registers gives what is shared and what is
 * not (joint.h). Thread safety: none. */
#ifndef CARDINAL_SKETCH_OVERLAP_H
#define CARDINAL_SKETCH_OVERLAP_H

#include "daemon/sketch/union_scratch.h"

/* A number and its standard error, in the number's own units. */
struct measured {
    double value;
    double error;
};

struct overlap {
    struct measured a; /* as each side by itself is estimated */
    struct measured b;
    struct measured all; /* in either */
    struct measured shared;
    struct measured only_a;
    struct measured only_b;
    struct measured jaccard; /* shared / all; 0 of nothing */
    bool is_below_noise;     /* shared is less than two of its errors */
    bool of_tokens;          /* compared token by token */
};

/* Fills *out; reads both. ST_INVALID_ARGUMENT when their precision differs. */
enum status overlap_estimate(struct union_scratch *a, struct union_scratch *b, struct overlap *out);

#endif
