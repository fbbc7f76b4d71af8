#include "daemon/sketch/joint.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define RANKS 64u            /* 0 .. q + 1, q at most 60 */
#define STEPS_MAX 60         /* far more than are ever needed */
#define LEAST_VALUE 1e-3     /* of a part; its logarithm is what is looked for */
#define NEXT_TO_NOTHING 1e-4 /* of all values */
#define GREATEST_STEP 3.0    /* in a logarithm at a time */

/* How the ranks compare: registers of rank k by relation to the other's. */
struct pair_counts {
    uint32_t a_less[RANKS]; /* a's rank k, b's is more */
    uint32_t a_more[RANKS];
    uint32_t b_less[RANKS];
    uint32_t b_more[RANKS];
    uint32_t equal[RANKS];
    unsigned precision;
    double weight[JOINT_PARTS]; /* mean of 2^-rank that a part's values must stay below */
};

static double count_weight(const uint32_t *x, const uint32_t *y, const uint32_t *z, unsigned q)
{
    double sum = 0;
    for (unsigned k = 0; k <= q; k++)
        sum += ldexp((double)x[k] + y[k] + z[k], -(int)k);
    return sum;
}

static void count_pairs(struct pair_counts *counts, const uint8_t *a, const uint8_t *b,
                        const struct sketch_shape *shape)
{
    memset(counts, 0, sizeof *counts);
    for (uint32_t i = 0; i < shape->registers; i++) {
        if (a[i] < b[i]) {
            counts->a_less[a[i]]++;
            counts->b_more[b[i]]++;
        } else if (a[i] > b[i]) {
            counts->a_more[a[i]]++;
            counts->b_less[b[i]]++;
        } else {
            counts->equal[a[i]]++;
        }
    }
    unsigned q = 64u - shape->precision;
    double m = shape->registers;
    counts->precision = shape->precision;
    counts->weight[JOINT_ONLY_A] =
        count_weight(counts->a_less, counts->equal, counts->a_more, q) / m;
    counts->weight[JOINT_ONLY_B] =
        count_weight(counts->b_less, counts->equal, counts->b_more, q) / m;
    counts->weight[JOINT_SHARED] =
        count_weight(counts->a_less, counts->equal, counts->b_less, q) / m;
}

/* One part at one rank: x values expected there, z the chance of at least one,
 * y of none. */
struct part {
    double x;
    double y;
    double z;
};

static struct part part_at(double value, double scale)
{
    double x = value * scale;
    double z = -expm1(-x);
    return (struct part){ x, 1 - z, z };
}

/* Adds count * ln(t) to the likelihood, where t grows by d[i] with the
 * logarithm of part i. */
static double add_term(uint32_t count, double t, const double d[JOINT_PARTS],
                       double gradient[JOINT_PARTS])
{
    for (unsigned i = 0; i < JOINT_PARTS; i++)
        gradient[i] += count * d[i] / t;
    return count * log(t);
}

static double add_rank(const struct pair_counts *counts, unsigned k,
                       const double value[JOINT_PARTS], double gradient[JOINT_PARTS])
{
    unsigned q = 64u - counts->precision;
    double scale = ldexp(1, -(int)(counts->precision + (k < q ? k : q)));
    struct part a = part_at(value[JOINT_ONLY_A], scale);
    struct part b = part_at(value[JOINT_ONLY_B], scale);
    struct part s = part_at(value[JOINT_SHARED], scale);
    double sum = 0;
    if (counts->a_less[k] != 0) {
        double d[] = { s.y * a.x * a.y, 0, s.x * s.y * a.y };
        sum += add_term(counts->a_less[k], s.z + s.y * a.z, d, gradient);
    }
    if (counts->b_less[k] != 0) {
        double d[] = { 0, s.y * b.x * b.y, s.x * s.y * b.y };
        sum += add_term(counts->b_less[k], s.z + s.y * b.z, d, gradient);
    }
    if (counts->a_more[k] != 0) {
        double d[] = { a.x * a.y, 0, 0 };
        sum += add_term(counts->a_more[k], a.z, d, gradient);
    }
    if (counts->b_more[k] != 0) {
        double d[] = { 0, b.x * b.y, 0 };
        sum += add_term(counts->b_more[k], b.z, d, gradient);
    }
    if (counts->equal[k] != 0) {
        double d[] = { b.z * s.y * a.x * a.y, a.z * s.y * b.x * b.y, s.x * s.y * (1 - a.z * b.z) };
        sum += add_term(counts->equal[k], s.z + a.z * b.z * s.y, d, gradient);
    }
    return sum;
}

/* The logarithm of the likelihood of the parts' values, given as logarithms,
 * and its gradient. */
static double likelihood(const struct pair_counts *counts, const double log_value[JOINT_PARTS],
                         double gradient[JOINT_PARTS])
{
    double value[JOINT_PARTS];
    double sum = 0;
    for (unsigned i = 0; i < JOINT_PARTS; i++) {
        value[i] = exp(log_value[i]);
        gradient[i] = -counts->weight[i] * value[i];
        sum -= counts->weight[i] * value[i];
    }
    for (unsigned k = 1; k <= 65u - counts->precision; k++)
        sum += add_rank(counts, k, value, gradient);
    return sum;
}

/* The gradient in the logarithms of the values, or in the values. */
static void gradient_at(const struct pair_counts *counts, const double value[JOINT_PARTS],
                        bool in_logarithms, double gradient[JOINT_PARTS])
{
    double at[JOINT_PARTS];
    for (unsigned i = 0; i < JOINT_PARTS; i++)
        at[i] = log(value[i]);
    likelihood(counts, at, gradient);
    for (unsigned i = 0; i < JOINT_PARTS && !in_logarithms; i++)
        gradient[i] /= value[i];
}

/* Minus the second derivatives, from differences of the gradient. */
static void curvature(const struct pair_counts *counts, const double value[JOINT_PARTS],
                      bool in_logarithms, double matrix[JOINT_PARTS][JOINT_PARTS])
{
    const double part = 1e-4; /* of a value, to either side */
    for (unsigned i = 0; i < JOINT_PARTS; i++) {
        double beside[JOINT_PARTS];
        double more[JOINT_PARTS];
        double less[JOINT_PARTS];
        memcpy(beside, value, sizeof beside);
        beside[i] = value[i] * (1 + part);
        gradient_at(counts, beside, in_logarithms, more);
        beside[i] = value[i] * (1 - part);
        gradient_at(counts, beside, in_logarithms, less);
        double width = 2 * part * (in_logarithms ? 1 : value[i]);
        for (unsigned j = 0; j < JOINT_PARTS; j++)
            matrix[i][j] = (less[j] - more[j]) / width;
    }
    for (unsigned i = 0; i < JOINT_PARTS; i++) {
        for (unsigned j = 0; j < i; j++)
            matrix[i][j] = matrix[j][i] = (matrix[i][j] + matrix[j][i]) / 2;
    }
}

/* Cholesky's factor of a symmetric matrix in its lower half; false if it is
 * not positive definite. */
static bool factor(double matrix[JOINT_PARTS][JOINT_PARTS])
{
    for (unsigned i = 0; i < JOINT_PARTS; i++) {
        for (unsigned j = 0; j <= i; j++) {
            double sum = matrix[i][j];
            for (unsigned k = 0; k < j; k++)
                sum -= matrix[i][k] * matrix[j][k];
            if (i == j && !(sum > 0))
                return false;
            matrix[i][j] = i == j ? sqrt(sum) : sum / matrix[j][j];
        }
    }
    return true;
}

/* Solves with the factor, in place. */
static void solve(double matrix[JOINT_PARTS][JOINT_PARTS], double right[JOINT_PARTS])
{
    for (unsigned i = 0; i < JOINT_PARTS; i++) {
        for (unsigned k = 0; k < i; k++)
            right[i] -= matrix[i][k] * right[k];
        right[i] /= matrix[i][i];
    }
    for (unsigned i = JOINT_PARTS; i-- > 0;) {
        for (unsigned k = i + 1; k < JOINT_PARTS; k++)
            right[i] -= matrix[k][i] * right[k];
        right[i] /= matrix[i][i];
    }
}

/* Makes the curvature positive definite and factors it. */
static void factor_safely(const struct pair_counts *counts, const double at[JOINT_PARTS],
                          double matrix[JOINT_PARTS][JOINT_PARTS])
{
    double plain[JOINT_PARTS][JOINT_PARTS];
    double value[JOINT_PARTS];
    for (unsigned i = 0; i < JOINT_PARTS; i++)
        value[i] = exp(at[i]);
    curvature(counts, value, true, plain);
    for (double more = 0;; more = more == 0 ? 1e-3 : more * 10) {
        memcpy(matrix, plain, sizeof plain);
        for (unsigned i = 0; i < JOINT_PARTS; i++)
            matrix[i][i] += more * (fabs(plain[i][i]) + 1);
        if (factor(matrix))
            return;
    }
}

/* Goes a Newton step up, shortened until it is one up; the greatest change. */
static double climb(const struct pair_counts *counts, double at[JOINT_PARTS])
{
    double matrix[JOINT_PARTS][JOINT_PARTS];
    double step[JOINT_PARTS];
    double unused[JOINT_PARTS];
    double before = likelihood(counts, at, step);
    factor_safely(counts, at, matrix);
    solve(matrix, step);
    for (double length = 1; length > 1e-6; length /= 2) {
        double next[JOINT_PARTS];
        double greatest = 0;
        for (unsigned i = 0; i < JOINT_PARTS; i++) {
            double change = fmin(fmax(length * step[i], -GREATEST_STEP), GREATEST_STEP);
            next[i] = fmax(at[i] + change, log(LEAST_VALUE));
            greatest = fmax(greatest, fabs(next[i] - at[i]));
        }
        if (likelihood(counts, next, unused) >= before) {
            memcpy(at, next, sizeof next);
            return greatest;
        }
    }
    return 0;
}

/* The covariance of the values: the inverse of the likelihood's curvature in
 * them, less what the numbers of a Poisson process vary by themselves. A part
 * of next to nothing is looked at a little above, where its curvature shows. */
static void set_covariance(const struct pair_counts *counts, const double at[JOINT_PARTS],
                           struct joint *joint)
{
    double all = exp(at[0]) + exp(at[1]) + exp(at[2]);
    double value[JOINT_PARTS];
    double matrix[JOINT_PARTS][JOINT_PARTS];
    for (unsigned i = 0; i < JOINT_PARTS; i++)
        value[i] = fmax(exp(at[i]), NEXT_TO_NOTHING * all);
    curvature(counts, value, false, matrix);
    memset(joint->covariance, 0, sizeof joint->covariance);
    double plain[JOINT_PARTS][JOINT_PARTS];
    memcpy(plain, matrix, sizeof plain);
    bool is_definite = factor(matrix);
    for (unsigned i = 0; i < JOINT_PARTS; i++) {
        if (is_definite) {
            joint->covariance[i][i] = 1;
            solve(matrix, joint->covariance[i]);
        } else {
            /* away from the top, at parts of nothing: each for itself */
            joint->covariance[i][i] = plain[i][i] > 0 ? 1 / plain[i][i] : all * all;
        }
    }
    for (unsigned i = 0; i < JOINT_PARTS; i++)
        joint->covariance[i][i] = fmax(joint->covariance[i][i] - exp(at[i]), 0);
}

struct joint joint_estimate(const uint8_t *a, const uint8_t *b, const struct sketch_shape *shape,
                            const double start[JOINT_PARTS])
{
    struct pair_counts counts;
    struct joint joint;
    double at[JOINT_PARTS];
    count_pairs(&counts, a, b, shape);
    for (unsigned i = 0; i < JOINT_PARTS; i++)
        at[i] = log(fmax(start[i], 1));
    double enough = 0.01 / sqrt(shape->registers);
    for (int i = 0; i < STEPS_MAX && climb(&counts, at) > enough; i++)
        continue;
    for (unsigned i = 0; i < JOINT_PARTS; i++)
        joint.value[i] = at[i] <= log(LEAST_VALUE) ? 0 : exp(at[i]);
    set_covariance(&counts, at, &joint);
    return joint;
}

double joint_error(const struct joint *joint, const double weights[JOINT_PARTS])
{
    double variance = 0;
    for (unsigned i = 0; i < JOINT_PARTS; i++) {
        for (unsigned j = 0; j < JOINT_PARTS; j++)
            variance += weights[i] * weights[j] * joint->covariance[i][j];
    }
    return sqrt(fmax(variance, 0));
}
