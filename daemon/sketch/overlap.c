#include "daemon/sketch/overlap.h"

#include <math.h>
#include <stdlib.h>

#include "daemon/sketch/estimate.h"
#include "daemon/sketch/joint.h"
#include "daemon/sketch/token.h"
#include "daemon/sketch/union_parts.h"

#define NOISE_ERRORS 2.0

static struct measured measured_of(struct estimate estimate)
{
    return (struct measured){ estimate.value, estimate.value * estimate.rse };
}

static uint32_t count_shared(const struct token_set *a, const struct token_set *b)
{
    uint32_t shared = 0;
    for (size_t i = 0; i < token_set_slots(a); i++)
        shared += a->slots[i] != 0 && token_set_has(b, a->slots[i]);
    return shared;
}

/* Parts from the three estimates; tokens that two values share are made up for
 * in each. */
static void from_tokens(const struct union_scratch *a, const struct union_scratch *b,
                        struct overlap *out)
{
    uint32_t shared = count_shared(&a->tokens, &b->tokens);
    uint32_t all = a->tokens.count + b->tokens.count - shared;
    double error = estimate_tokens(all).rse * all;
    out->all = measured_of(estimate_tokens(all));
    out->shared.value = shared == 0 ? 0 : fmax(out->a.value + out->b.value - out->all.value, 0);
    out->only_a.value = out->a.value - out->shared.value;
    out->only_b.value = out->b.value - out->shared.value;
    out->shared.error = out->only_a.error = out->only_b.error = error;
}

static struct measured sum_of(const struct joint *joint, const double weights[JOINT_PARTS])
{
    struct measured sum = { 0, joint_error(joint, weights) };
    for (unsigned i = 0; i < JOINT_PARTS; i++)
        sum.value += weights[i] * joint->value[i];
    return sum;
}

static void from_ranks(const uint8_t *a, const uint8_t *b, const struct sketch_shape *shape,
                       struct overlap *out)
{
    double shared = out->a.value + out->b.value - out->all.value;
    double start[JOINT_PARTS] = {
        [JOINT_ONLY_A] = out->a.value - shared,
        [JOINT_ONLY_B] = out->b.value - shared,
        [JOINT_SHARED] = shared,
    };
    struct joint joint = joint_estimate(a, b, shape, start);
    out->only_a = sum_of(&joint, (double[]){ 1, 0, 0 });
    out->only_b = sum_of(&joint, (double[]){ 0, 1, 0 });
    out->shared = sum_of(&joint, (double[]){ 0, 0, 1 });
}

static enum status from_registers(const struct union_scratch *a, const struct union_scratch *b,
                                  struct overlap *out)
{
    size_t m = a->shape.registers;
    uint8_t *ranks = malloc(3 * m);
    if (ranks == NULL)
        return ST_RESOURCE_EXHAUSTED;
    uint8_t *a_ranks = ranks;
    uint8_t *b_ranks = ranks + m;
    uint8_t *all = ranks + 2 * m;
    union_scratch_ranks(a, a_ranks);
    union_scratch_ranks(b, b_ranks);
    for (size_t i = 0; i < m; i++)
        all[i] = a_ranks[i] > b_ranks[i] ? a_ranks[i] : b_ranks[i];
    struct register_sums sums = ranks_sums(all, a->shape.precision);
    out->all = measured_of(estimate_registers(&sums, &a->shape));
    from_ranks(a_ranks, b_ranks, &a->shape, out);
    free(ranks);
    return ST_OK;
}

/* The error of shared / (shared + rest), as if the two were independent. */
static struct measured ratio_of(const struct overlap *overlap)
{
    double shared = overlap->shared.value;
    double rest = overlap->only_a.value + overlap->only_b.value;
    double all = shared + rest;
    if (!(all > 0))
        return (struct measured){ 0, 0 };
    double rest_error = hypot(overlap->only_a.error, overlap->only_b.error);
    return (struct measured){
        shared / all, hypot(rest * overlap->shared.error, shared * rest_error) / (all * all)
    };
}

enum status overlap_estimate(struct union_scratch *a, struct union_scratch *b, struct overlap *out)
{
    if (a->shape.precision != b->shape.precision)
        return ST_INVALID_ARGUMENT;
    struct overlap overlap = {
        .a = measured_of(union_scratch_estimate(a)),
        .b = measured_of(union_scratch_estimate(b)),
        .of_tokens = !a->has_registers && !b->has_registers,
    };
    if (a->contributors == 0 || b->contributors == 0) {
        overlap.all = a->contributors != 0 ? overlap.a : overlap.b;
        overlap.only_a = overlap.a;
        overlap.only_b = overlap.b;
    } else if (overlap.of_tokens) {
        from_tokens(a, b, &overlap);
    } else {
        enum status status = from_registers(a, b, &overlap);
        if (status != ST_OK)
            return status;
    }
    overlap.jaccard = ratio_of(&overlap);
    overlap.is_below_noise = overlap.shared.value < NOISE_ERRORS * overlap.shared.error;
    *out = overlap;
    return ST_OK;
}
