#include "client/bench/result.h"

#include <stdio.h>

void result_error(struct result *result, const char *text)
{
    if (result->errors++ == 0)
        (void)snprintf(result->first_error, sizeof result->first_error, "%s", text);
}

void result_merge(struct result *result, const struct result *other)
{
    if (result->errors == 0 && other->errors > 0)
        (void)snprintf(result->first_error, sizeof result->first_error, "%s", other->first_error);
    histogram_merge(&result->latency, &other->latency);
    result->values += other->values;
    result->errors += other->errors;
}
