/* overlap: how much two unions have in common.
 *
 * Two token sides are compared token by token, near-exact. Else the registers
 * of both sides are estimated jointly by maximum likelihood (Ertl 2017, "New
 * cardinality estimation algorithms for HyperLogLog sketches", section on
 * joint estimation), which beats inclusion-exclusion wherever the overlap is
 * small against the union.
 *
 * Thread safety: none for one scratch. */
#ifndef CARDINAL_SKETCH_OVERLAP_H
#define CARDINAL_SKETCH_OVERLAP_H

#include "daemon/sketch/union_scratch.h"

/* An estimate and its standard error, in the unit of the value. */
struct quantity {
    double value;
    double error;
};

struct overlap {
    struct quantity a;
    struct quantity b;
    struct quantity both;    /* in either */
    struct quantity common;  /* in both */
    struct quantity jaccard; /* common over both, 0 where there is nothing */
    struct quantity only_a;
    struct quantity only_b;
    bool below_noise; /* common is less than the sketches can tell from none */
    bool tokens;      /* compared token by token */
};

/* Compares two scratches of one shape. ST_RESOURCE_EXHAUSTED without memory. */
enum status overlap_estimate(struct union_scratch *a, struct union_scratch *b, struct overlap *out);

#endif
