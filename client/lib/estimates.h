/* From the estimates in a reply to those of the public header, with every
 * length checked against what was asked for. */
#ifndef CARDINAL_CLIENT_ESTIMATES_H
#define CARDINAL_CLIENT_ESTIMATES_H

#include <cardinal.pb-c.h>
#include <stdbool.h>

#include "client/lib/arena.h"
#include "client/lib/fault.h"

enum estimates_result {
    ESTIMATES_OK,
    ESTIMATES_BAD, /* the reply does not fit the request */
    ESTIMATES_NOMEM,
};

struct cardinal_client;

/* The status that a result means, with the client told. */
cardinal_status estimates_status(struct cardinal_client *client, enum estimates_result result);

/* Names that a reply's estimates are of, in the arena of the result. */
struct estimates_columns {
    const char *const *names;
    size_t count;
};

/* Copies the reply's columns. asked_count of 0 means that all were asked for. */
enum estimates_result estimates_columns(struct arena *arena, char *const *names, size_t count,
                                        const char *const *asked, size_t asked_count,
                                        struct estimates_columns *out);

/* Converts one row of estimates of columns columns. */
enum estimates_result estimates_convert(struct arena *arena, size_t columns, const double *values,
                                        size_t value_count, const float *rse, size_t rse_count,
                                        const cardinal_estimate **out);

/* Converts one key's estimates and copies its key. */
enum estimates_result estimates_row(struct arena *arena, size_t columns, cardinal_key key,
                                    const Cardinal__V1__KeyEstimates *from, cardinal_row *out);

/* A copy of names, for reading them after the caller's are gone. NULL without
 * memory. */
const char *const *estimates_copy_names(struct arena *arena, const char *const *names,
                                        size_t count);

#endif
