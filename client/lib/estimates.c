#include "client/lib/estimates.h"

#include <math.h>
#include <string.h>

#include "client/lib/client.h"

cardinal_status estimates_status(struct cardinal_client *client, enum estimates_result result)
{
    switch (result) {
    case ESTIMATES_OK:
        return CARDINAL_OK;
    case ESTIMATES_NOMEM:
        return client_nomem(client);
    default:
        return client_bad_reply(client, "estimates that do not fit the question");
    }
}

const char *const *estimates_copy_names(struct arena *arena, const char *const *names, size_t count)
{
    const char **copy = arena_array(arena, count, sizeof *copy);
    if (copy == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        copy[i] = arena_copy(arena, names[i], strlen(names[i]));
        if (copy[i] == NULL)
            return NULL;
    }
    return copy;
}

enum estimates_result estimates_columns(struct arena *arena, char *const *names, size_t count,
                                        const char *const *asked, size_t asked_count,
                                        struct estimates_columns *out)
{
    if (asked_count > 0 ? count != asked_count : count > CARDINAL_COLUMNS_MAX)
        return ESTIMATES_BAD;
    for (size_t i = 0; i < asked_count; i++) {
        if (strcmp(names[i], asked[i]) != 0)
            return ESTIMATES_BAD;
    }
    const char *const *copy = estimates_copy_names(arena, (const char *const *)names, count);
    if (copy == NULL)
        return ESTIMATES_NOMEM;
    out->names = copy;
    out->count = count;
    return ESTIMATES_OK;
}

enum estimates_result estimates_convert(struct arena *arena, size_t columns, const double *values,
                                        size_t value_count, const float *rse, size_t rse_count,
                                        const cardinal_estimate **out)
{
    if (value_count != columns || rse_count != columns)
        return ESTIMATES_BAD;
    cardinal_estimate *converted = arena_array(arena, columns, sizeof *converted);
    if (converted == NULL)
        return ESTIMATES_NOMEM;
    for (size_t i = 0; i < columns; i++) {
        if (!isfinite(values[i]) || values[i] < 0)
            return ESTIMATES_BAD;
        converted[i] = (cardinal_estimate){ .value = values[i], .rse = (double)rse[i] };
    }
    *out = converted;
    return ESTIMATES_OK;
}

enum estimates_result estimates_row(struct arena *arena, size_t columns, cardinal_key key,
                                    const Cardinal__V1__KeyEstimates *from, cardinal_row *out)
{
    static const double no_values[CARDINAL_COLUMNS_MAX];
    static const float no_rse[CARDINAL_COLUMNS_MAX];
    const char *copy = arena_copy(arena, key.data, key.len);
    if (copy == NULL)
        return ESTIMATES_NOMEM;
    out->key = (cardinal_key){ copy, key.len };
    out->found = from->found;
    if (!from->found && from->n_estimates == 0 && from->n_rse == 0)
        return estimates_convert(arena, columns, no_values, columns, no_rse, columns,
                                 &out->estimates);
    return estimates_convert(arena, columns, from->estimates, from->n_estimates, from->rse,
                             from->n_rse, &out->estimates);
}
