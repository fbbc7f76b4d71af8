#include "client/cli/estimates_out.h"

#include <stdio.h>

#include "client/cli/grid.h"
#include "client/cli/json_out.h"

#define RSE_DECIMALS 6

static void print_head(struct grid *grid, const char *first, const char *const *columns,
                       size_t column_count)
{
    grid_text(grid, first);
    for (size_t i = 0; i < column_count; i++)
        grid_text(grid, columns[i]);
}

void estimates_out_begin(struct estimates_out *out, bool json, bool rse, const char *const *columns,
                         size_t column_count)
{
    *out = (struct estimates_out){ .columns = columns, .column_count = column_count, .rse = rse };
    if (json)
        return;
    out->grid = grid_new(stdout, 1 + column_count);
    if (out->grid == NULL)
        out->no_memory = true;
    else
        print_head(out->grid, "key", columns, column_count);
}

/* "rse": the relative standard errors by column, 0.0065 being 0.65 %. */
static void add_rse(struct json *json, const char *const *columns, size_t count,
                    const cardinal_estimate *estimates)
{
    json_open(json, "rse");
    for (size_t i = 0; i < count; i++)
        json_fixed(json, columns[i], estimates[i].rse, RSE_DECIMALS);
    json_close(json);
}

static void put_estimate(struct grid *grid, bool rse, cardinal_estimate estimate)
{
    if (rse)
        grid_estimate_rse(grid, estimate.value, estimate.rse);
    else
        grid_estimate(grid, estimate.value);
}

static bool print_json_row(const struct estimates_out *out, const cardinal_row *row)
{
    struct json json = json_begin();
    json_key(&json, row->key.data, row->key.len);
    for (size_t i = 0; i < out->column_count; i++)
        json_estimate(&json, out->columns[i], row->estimates[i].value);
    if (out->rse)
        add_rse(&json, out->columns, out->column_count, row->estimates);
    return json_end(&json, stdout);
}

void estimates_out_row(struct estimates_out *out, const cardinal_row *row)
{
    if (out->no_memory)
        return;
    if (out->grid == NULL) {
        out->no_memory = !print_json_row(out, row);
        return;
    }
    grid_bytes(out->grid, row->key.data, row->key.len);
    for (size_t i = 0; i < out->column_count; i++)
        put_estimate(out->grid, out->rse, row->estimates[i]);
}

bool estimates_out_end(struct estimates_out *out)
{
    if (out->grid != NULL && !grid_end(out->grid))
        out->no_memory = true;
    return !out->no_memory;
}

static bool print_union_json(bool rse, const cardinal_union_result *result)
{
    struct json json = json_begin();
    json_uint(&json, "keys", result->keys);
    for (size_t i = 0; i < result->column_count; i++)
        json_estimate(&json, result->columns[i], result->estimates[i].value);
    if (rse)
        add_rse(&json, result->columns, result->column_count, result->estimates);
    return json_end(&json, stdout);
}

bool estimates_out_union(bool json, bool rse, const cardinal_union_result *result)
{
    if (json)
        return print_union_json(rse, result);
    struct grid *grid = grid_new(stdout, 1 + result->column_count);
    if (grid == NULL)
        return false;
    print_head(grid, "keys", result->columns, result->column_count);
    grid_uint(grid, result->keys);
    for (size_t i = 0; i < result->column_count; i++)
        put_estimate(grid, rse, result->estimates[i]);
    return grid_end(grid);
}
