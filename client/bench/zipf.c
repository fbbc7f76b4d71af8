#include "client/bench/zipf.h"

#include <math.h>
#include <stdlib.h>

/* A slot stands for its own rank below threshold (out of 2^32), else for the other. */
struct slot {
    uint32_t threshold;
    uint32_t other;
};

struct zipf {
    uint32_t count;
    struct slot slots[];
};

/* Fills weights with probabilities times count: 1 on average. */
static void weigh(double *weights, uint32_t count, double s)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        weights[i] = pow((double)i + 1, -s);
        sum += weights[i];
    }
    for (uint32_t i = 0; i < count; i++)
        weights[i] *= (double)count / sum;
}

static uint32_t threshold_of(double weight)
{
    return weight >= 1 ? UINT32_MAX : (uint32_t)(weight * 4294967296.0);
}

/* Gives each slot that has too little the rest from one that has too much. work holds
 * indices: those with too little grow from its beginning, the others from its end. */
static void fill(struct slot *slots, uint32_t count, double *weights, uint32_t *work)
{
    uint32_t low = 0;
    uint32_t high = count;
    for (uint32_t i = 0; i < count; i++) {
        if (weights[i] < 1)
            work[low++] = i;
        else
            work[--high] = i;
    }
    while (low > 0 && high < count) {
        uint32_t poor = work[--low];
        uint32_t rich = work[high];
        slots[poor] = (struct slot){ threshold_of(weights[poor]), rich };
        weights[rich] -= 1 - weights[poor];
        if (weights[rich] < 1) {
            high++;
            work[low++] = rich;
        }
    }
    while (low > 0) {
        uint32_t i = work[--low];
        slots[i] = (struct slot){ UINT32_MAX, i };
    }
    for (; high < count; high++)
        slots[work[high]] = (struct slot){ UINT32_MAX, work[high] };
}

struct zipf *zipf_new(uint32_t count, double s)
{
    struct zipf *zipf = malloc(sizeof *zipf + count * sizeof zipf->slots[0]);
    double *weights = malloc(count * sizeof *weights);
    uint32_t *work = malloc(count * sizeof *work);
    if (zipf == NULL || weights == NULL || work == NULL) {
        free(zipf);
        zipf = NULL;
    } else {
        zipf->count = count;
        weigh(weights, count, s);
        fill(zipf->slots, count, weights, work);
    }
    free(work);
    free(weights);
    return zipf;
}

void zipf_free(struct zipf *zipf)
{
    free(zipf);
}

void zipf_draw(const struct zipf *zipf, struct random *random, uint32_t ranks[ZIPF_BLOCK])
{
    uint32_t low[ZIPF_BLOCK];
    for (unsigned i = 0; i < ZIPF_BLOCK; i++) {
        uint64_t bits = random_next(random);
        low[i] = (uint32_t)bits;
        ranks[i] = (uint32_t)(((bits >> 32) * zipf->count) >> 32);
        __builtin_prefetch(&zipf->slots[ranks[i]]);
    }
    for (unsigned i = 0; i < ZIPF_BLOCK; i++) {
        const struct slot *slot = &zipf->slots[ranks[i]];
        /* No branch: it would be guessed wrongly half of the time. */
        uint32_t own = (uint32_t)0 - (low[i] <= slot->threshold ? 1u : 0u);
        ranks[i] = (ranks[i] & own) | (slot->other & ~own);
    }
}
