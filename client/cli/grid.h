/* Aligned tables for people: the first column to the left, the others to the right.
 *
 * Rows are held back until some hundreds are together, so that a long answer needs
 * little memory; the columns never become narrower again. Width is counted in
 * characters. A failed allocation is remembered, and grid_end() tells. */
#ifndef CARDINAL_CLI_GRID_H
#define CARDINAL_CLI_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct grid;

/* NULL: no memory. columns >= 1. */
struct grid *grid_new(FILE *out, size_t columns);

/* The next cell, row by row; text is copied. */
void grid_text(struct grid *grid, const char *text);
/* The same for bytes, escaped. */
void grid_bytes(struct grid *grid, const void *bytes, size_t len);
/* The same for an estimate, rounded to a whole number. */
void grid_estimate(struct grid *grid, double value);
/* The same with its relative standard error: `1234 ±0.65%`. */
void grid_estimate_rse(struct grid *grid, double value, double rse);
void grid_uint(struct grid *grid, unsigned long long value);

/* Writes what is held and frees the grid; false: something was lost for want of
 * memory. What out says is for the caller to check. Accepts NULL, which is false. */
bool grid_end(struct grid *grid);

#endif
