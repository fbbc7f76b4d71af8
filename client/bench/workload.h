/* What is sent: workloads, and the generators that make their events.
 *
 *   hot      distinct values into one cell
 *   many     values out of 1..values into keys with a Zipf distribution
 *   wide     rows of one new value a column, each row a key of its own
 *   grouped  the same rows, under a few keys in turn
 *   point    no values: keys asked for, drawn from a Zipf distribution
 *   union    no values: unions of as many keys as a batch, from one drawn uniformly on
 *   scan     no values: pages of as many keys as a batch, from one drawn uniformly on
 *   mixed    as many, while one connection more asks for keys
 *
 * Those that ask find keys with a few values each, all different.
 *
 * Several generators share a workload: each makes every n-th row, or an n-th of the
 * events, and the same ones each time it is begun anew, so that exact counts can be
 * had afterwards without keeping books meanwhile. */
#ifndef CARDINAL_BENCH_WORKLOAD_H
#define CARDINAL_BENCH_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/bench/random.h"
#include "client/bench/zipf.h"

enum workload_kind {
    WORKLOAD_HOT,
    WORKLOAD_MANY,
    WORKLOAD_WIDE,
    WORKLOAD_GROUPED,
    WORKLOAD_POINT,
    WORKLOAD_UNION,
    WORKLOAD_SCAN,
    WORKLOAD_MIXED,
};

struct workload {
    enum workload_kind kind;
    uint64_t values; /* to be sent in all; of point: keys to ask for; unions, pages */
    uint32_t keys;
    uint32_t columns;
    uint64_t seed;
    const struct zipf *zipf; /* of many, point and mixed */
    uint32_t per_key;        /* values of each key, of those that ask; 0: unknown */
    uint32_t value_bytes;    /* WORKLOAD_VALUE_BYTES to WORKLOAD_VALUE_MAX */
};

const char *workload_name(enum workload_kind kind);
/* False: there is none of that name. */
bool workload_parse(const char *name, enum workload_kind *out);
/* Does it ask, and send no values? */
bool workload_asks(enum workload_kind kind);
/* Does it send rows of several columns? */
bool workload_has_rows(enum workload_kind kind);

#define WORKLOAD_KEY_BYTES 12u   /* "key-" and 8 hexadecimal digits */
#define WORKLOAD_VALUE_BYTES 16u /* as long as an identifier often is; at least */
#define WORKLOAD_VALUE_MAX 1024u

struct event {
    char key[WORKLOAD_KEY_BYTES];
    uint8_t value[WORKLOAD_VALUE_MAX]; /* as many of its bytes as the workload says */
    uint32_t column;
    uint64_t number; /* that value was made of: the same for the same value */
    uint32_t rank;   /* that key was made of */
};

struct generator {
    const struct workload *workload;
    struct random random;
    uint64_t left;   /* events */
    uint64_t row;    /* the next one's, or the next value */
    uint64_t stride; /* generators in all */
    uint32_t column;
    uint32_t drawn; /* ranks taken of the block */
    uint32_t ranks[ZIPF_BLOCK];
    struct event event; /* the one made last */
};

/* The index-th of count generators of a workload. */
void generator_begin(struct generator *generator, const struct workload *workload, uint32_t index,
                     uint32_t count);

/* Makes the next event into generator->event; false: there is none left. */
bool generator_next(struct generator *generator);

/* Writes the key of a rank. */
void workload_key(char key[WORKLOAD_KEY_BYTES], uint32_t rank);

/* Makes the index-th value that the key of a rank has before it is asked for. */
void workload_fill(const struct workload *workload, uint32_t rank, uint32_t index,
                   struct event *event);

#endif
