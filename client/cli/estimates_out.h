/* Keys with their estimates as they are printed: a table with a head, or one object a
 * line. */
#ifndef CARDINAL_CLI_ESTIMATES_OUT_H
#define CARDINAL_CLI_ESTIMATES_OUT_H

#include <cardinal.h>
#include <stdbool.h>
#include <stddef.h>

struct grid;

/* Remembers failed allocations; estimates_out_end() tells. */
struct estimates_out {
    const char *const *columns;
    size_t column_count;
    struct grid *grid; /* NULL: JSON */
    bool rse;          /* relative standard errors too */
    bool no_memory;
};

/* columns must stay until the end. */
void estimates_out_begin(struct estimates_out *out, bool json, bool rse, const char *const *columns,
                         size_t column_count);
void estimates_out_row(struct estimates_out *out, const cardinal_row *row);
/* False: no memory. */
bool estimates_out_end(struct estimates_out *out);

/* The same for a union, which is one row. */
bool estimates_out_union(bool json, bool rse, const cardinal_union_result *result);

#endif
