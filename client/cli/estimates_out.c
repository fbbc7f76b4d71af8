#include "client/cli/estimates_out.h"

#include <stdio.h>

#include "client/cli/grid.h"
#include "client/cli/json_out.h"

static void print_head(struct grid *grid, const char *first, const char *const *columns,
                       size_t column_count)
{
    grid_text(grid, first);
    for (size_t i = 0; i < column_count; i++)
        grid_text(grid, columns[i]);
}

void estimates_out_begin(struct estimates_out *out, bool json, const char *const *columns,
                         size_t column_count)
{
    *out = (struct estimates_out){ .columns = columns, .column_count = column_count };
    if (json)
        return;
    out->grid = grid_new(stdout, 1 + column_count);
    if (out->grid == NULL)
        out->no_memory = true;
    else
        print_head(out->grid, "key", columns, column_count);
}

static bool print_json_row(const struct estimates_out *out, const cardinal_row *row)
{
    struct json json = json_begin();
    json_key(&json, row->key.data, row->key.len);
    for (size_t i = 0; i < out->column_count; i++)
        json_estimate(&json, out->columns[i], row->estimates[i].value);
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
        grid_estimate(out->grid, row->estimates[i].value);
}

bool estimates_out_end(struct estimates_out *out)
{
    if (out->grid != NULL && !grid_end(out->grid))
        out->no_memory = true;
    return !out->no_memory;
}

static bool print_union_json(const cardinal_union_result *result)
{
    struct json json = json_begin();
    json_uint(&json, "keys", result->keys);
    for (size_t i = 0; i < result->column_count; i++)
        json_estimate(&json, result->columns[i], result->estimates[i].value);
    return json_end(&json, stdout);
}

bool estimates_out_union(bool json, const cardinal_union_result *result)
{
    if (json)
        return print_union_json(result);
    struct grid *grid = grid_new(stdout, 1 + result->column_count);
    if (grid == NULL)
        return false;
    print_head(grid, "keys", result->columns, result->column_count);
    grid_uint(grid, result->keys);
    for (size_t i = 0; i < result->column_count; i++)
        grid_estimate(grid, result->estimates[i].value);
    return grid_end(grid);
}
