#include "client/cli/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/escape.h"
#include "proto/utf8.h"

#define ROWS_HELD 256u
#define GAP 2u /* spaces between columns */

/* Cells are NUL-terminated one after the other in text. */
struct grid {
    FILE *out;
    size_t columns;
    size_t cells; /* held */
    bool lost;
    char *text;
    size_t text_len;
    size_t text_capacity;
    size_t widths[];
};

struct grid *grid_new(FILE *out, size_t columns)
{
    struct grid *grid = calloc(1, sizeof *grid + columns * sizeof grid->widths[0]);
    if (grid == NULL)
        return NULL;
    grid->out = out;
    grid->columns = columns;
    return grid;
}

static void pad(FILE *out, size_t spaces)
{
    while (spaces-- > 0)
        (void)fputc(' ', out);
}

static void write_cell(const struct grid *grid, size_t column, const char *cell)
{
    size_t spaces = grid->widths[column] - utf8_count(cell, strlen(cell));
    if (column > 0)
        pad(grid->out, GAP + spaces);
    (void)fputs(cell, grid->out);
    if (column == 0 && grid->columns > 1)
        pad(grid->out, spaces);
}

static void write_held(struct grid *grid)
{
    const char *cell = grid->text;
    for (size_t i = 0; i < grid->cells; i++) {
        size_t column = i % grid->columns;
        write_cell(grid, column, cell);
        if (column + 1 == grid->columns)
            (void)fputc('\n', grid->out);
        cell += strlen(cell) + 1;
    }
    grid->cells = 0;
    grid->text_len = 0;
}

/* Room for a cell of up to bytes, or NULL. */
static char *reserve(struct grid *grid, size_t bytes)
{
    if (grid->lost)
        return NULL;
    if (grid->text_capacity - grid->text_len < bytes) {
        size_t capacity = 2 * (grid->text_len + bytes);
        char *text = realloc(grid->text, capacity);
        if (text == NULL) {
            grid->lost = true;
            return NULL;
        }
        grid->text = text;
        grid->text_capacity = capacity;
    }
    return grid->text + grid->text_len;
}

/* Takes the cell of len bytes that was written where reserve() said. */
static void commit(struct grid *grid, size_t len)
{
    size_t width = utf8_count(grid->text + grid->text_len, len);
    size_t column = grid->cells % grid->columns;
    if (grid->widths[column] < width)
        grid->widths[column] = width;
    grid->text_len += len + 1;
    grid->cells++;
    if (grid->cells == ROWS_HELD * grid->columns)
        write_held(grid);
}

void grid_text(struct grid *grid, const char *text)
{
    size_t len = strlen(text);
    char *cell = reserve(grid, len + 1);
    if (cell == NULL)
        return;
    memcpy(cell, text, len + 1);
    commit(grid, len);
}

void grid_bytes(struct grid *grid, const void *bytes, size_t len)
{
    char *cell = reserve(grid, ESCAPED_MAX(len));
    if (cell != NULL)
        commit(grid, escape(cell, bytes, len));
}

void grid_estimate(struct grid *grid, double value)
{
    char text[400]; /* DBL_MAX has 309 digits */
    (void)snprintf(text, sizeof text, "%.0f", round(value));
    grid_text(grid, text);
}

void grid_estimate_rse(struct grid *grid, double value, double rse)
{
    char text[800];
    (void)snprintf(text, sizeof text, "%.0f ±%.2f%%", round(value), 100 * rse);
    grid_text(grid, text);
}

void grid_uint(struct grid *grid, unsigned long long value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%llu", value);
    grid_text(grid, text);
}

bool grid_end(struct grid *grid)
{
    if (grid == NULL)
        return false;
    bool whole = !grid->lost;
    if (whole)
        write_held(grid);
    free(grid->text);
    free(grid);
    return whole;
}
