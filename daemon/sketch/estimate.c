#include "daemon/sketch/estimate.h"

#include <math.h>

#include "daemon/sketch/array.h"

#define HALF_BY_LN2 0.7213475204444817 /* 1 / (2 ln 2) */

struct estimate estimate_tokens(uint32_t n)
{
    double count = n;
    double x = count / 0x1p24;
    double hidden = (count - 1) * x / 2; /* then the next terms of -2^24 ln(1 - x) */
    struct estimate estimate = { count, 0 };
    if (n > ARRAY_MAX)
        estimate.value += hidden * (1 + x * (2.0 / 3 + x / 2));
    if (n > 1)
        estimate.rse = sqrt(hidden) / count;
    return estimate;
}

/* sum of 2^k x^(2^k) and x: the registers at 0 */
static double sigma(double x)
{
    if (x == 1)
        return INFINITY;
    double y = 1;
    double sum = x;
    for (double before = -1; sum != before;) {
        x *= x;
        before = sum;
        sum += x * y;
        y += y;
    }
    return sum;
}

/* its counterpart at the greatest rank */
static double tau(double x)
{
    if (x == 0 || x == 1)
        return 0;
    double y = 1;
    double sum = 1 - x;
    for (double before = -1; sum != before;) {
        x = sqrt(x);
        before = sum;
        y /= 2;
        sum -= (1 - x) * (1 - x) * y;
    }
    return sum / 3;
}

/* m times the squared relative standard error when there are 2^(i - 5) values
 * a register: the Cramer-Rao bound of the ranks' distribution, which the
 * estimator comes within measuring error of, up to its limit of 3 ln 2 - 1. */
static const double squared_errors[] = { 0.503, 0.506, 0.512, 0.524, 0.548, 0.597, 0.690, 0.831,
                                         0.950, 1.013, 1.046, 1.062, 1.071, 1.076, 1.0794 };

static double register_rse(double value, double inverse_m)
{
    const int first = -5;
    const int last = first + (int)(sizeof squared_errors / sizeof squared_errors[0]) - 1;
    int exponent;
    double fraction = 2 * frexp(value * inverse_m, &exponent) - 1; /* 2^exponent (1 + fraction) */
    exponent--;
    if (exponent < first)
        return sqrt(squared_errors[0] * inverse_m);
    if (exponent >= last)
        return sqrt(squared_errors[last - first] * inverse_m);
    const double *at = squared_errors + (exponent - first);
    return sqrt((at[0] + fraction * (at[1] - at[0])) * inverse_m);
}

struct estimate estimate_registers(const struct register_sums *sums,
                                   const struct sketch_shape *shape)
{
    double m = shape->registers;
    struct estimate estimate = { 0, 0 };
    if (sums->zeros == shape->registers)
        return estimate;
    double scale = 0x1p-64 * m; /* 2^-q */
    double inverse_m = 0x1p-64 * (double)(1ull << (64 - shape->precision));
    double z = (double)sums->kx * scale - sums->zeros;
    if (sums->at_cap != 0)
        z += m * tau(1 - sums->at_cap * inverse_m) * scale;
    if (sums->zeros != 0)
        z += m * sigma(sums->zeros * inverse_m);
    estimate.value = HALF_BY_LN2 * m * m / z;
    if (estimate.value > 0x1p64)
        estimate.value = 0x1p64; /* all registers at the end of the hash */
    estimate.rse = register_rse(estimate.value, inverse_m);
    return estimate;
}
