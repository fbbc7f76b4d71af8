/* Ranks of a Zipf distribution: rank r, from 0 on, with a probability in proportion to
 * 1 / (r + 1)^s. By Walker's alias method (in Vose's form, 1991): one random number and
 * one look into a table of 8 bytes a rank. The table is larger than a core's own cache
 * for many ranks, so ranks are drawn in blocks, with a prefetch ahead.
 *
 * Thread safety: read-only once made. */
#ifndef CARDINAL_BENCH_ZIPF_H
#define CARDINAL_BENCH_ZIPF_H

#include <stdint.h>

#include "client/bench/random.h"

struct zipf;

/* Of count ranks, 1 to 2^32 - 1, with exponent s >= 0. NULL: no memory. */
struct zipf *zipf_new(uint32_t count, double s);
void zipf_free(struct zipf *zipf); /* accepts NULL */

#define ZIPF_BLOCK 32u

void zipf_draw(const struct zipf *zipf, struct random *random, uint32_t ranks[ZIPF_BLOCK]);

#endif
