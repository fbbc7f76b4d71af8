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

struct estimate estimate_registers(const struct register_sums *sums,
                                   const struct sketch_shape *shape)
{
    double m = shape->registers;
    struct estimate estimate = { 0, 0 };
    if (sums->zeros == shape->registers)
        return estimate;
    double scale = ldexp(1, (int)shape->precision - 64); /* 2^-q */
    double z = m * tau(1 - sums->at_cap / m) * scale;
    z += (double)sums->kx * scale - sums->zeros;
    if (sums->zeros != 0)
        z += m * sigma(sums->zeros / m);
    estimate.value = HALF_BY_LN2 * m * m / z;
    estimate.rse = sqrt(1.0794 / m);
    return estimate;
}
