#include "client/bench/result.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define SIGMAS 6.0
#define FEW 3.0 /* small counts may be off by as much */

void result_error(struct result *result, const char *text)
{
    if (result->errors++ == 0)
        (void)snprintf(result->first_error, sizeof result->first_error, "%s", text);
}

double result_bound(uint64_t exact, double rse)
{
    if (exact <= 1)
        return 0;
    return fmax(SIGMAS * rse * (double)exact, FEW);
}

bool result_is_near(double estimate, double rse, uint64_t exact)
{
    return fabs(estimate - (double)exact) <= result_bound(exact, rse);
}

void result_compare(struct result *result, double estimate, double rse, uint64_t exact)
{
    if (result_is_near(estimate, rse, exact))
        return;
    char text[RESULT_ERROR_MAX];
    (void)snprintf(text, sizeof text, "%" PRIu64 " distinct values were answered with %.1f", exact,
                   estimate);
    result_error(result, text);
}

void result_add_numbers(struct result *result, const struct result *other)
{
    histogram_merge(&result->latency, &other->latency);
    result->values += other->values;
    result->errors += other->errors;
    result->unsent += other->unsent;
}

void result_merge(struct result *result, const struct result *other)
{
    if (result->errors == 0 && other->errors > 0)
        (void)snprintf(result->first_error, sizeof result->first_error, "%s", other->first_error);
    result_add_numbers(result, other);
}
