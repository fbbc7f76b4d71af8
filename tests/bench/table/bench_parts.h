/* bench_parts: what the parts of bench_table share. */
#ifndef CARDINAL_TESTS_BENCH_TABLE_BENCH_PARTS_H
#define CARDINAL_TESTS_BENCH_TABLE_BENCH_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/table/catalog.h"

#define BATCH 1000u
#define KEY_ROOM 16u

extern bool bench_no_rollup; /* tables are to keep none */

double bench_now_s(void); /* of the process's CPU time */
size_t bench_resident_bytes(void);
uint64_t bench_hash(uint64_t value);
uint64_t bench_random(uint64_t *state); /* *state is not 0 */

/* A table of columns c0, c1 and so on, with the reference that it was made with. */
struct table *bench_make_table(struct catalog *catalog, const char *name, unsigned columns);

/* A batch, filled anew again and again, with the memory that it points to. */
extern struct batch_row batch_rows[BATCH];
extern struct batch_cell batch_cells[BATCH];
extern uint64_t batch_hashes[BATCH];
extern struct batch bench_batch;

/* Begins a row of the batch; adds a value to the row begun last. */
void bench_begin_row(uint64_t key);
void bench_add_value(uint32_t column, uint64_t value);

/* Applies the batch and empties it; the seconds it took. */
double bench_apply(struct table *table, struct column_set *columns);

/* Gives count keys as many values each in column c0. */
void bench_fill(struct table *table, uint32_t count, uint32_t values);

/* Print what questions to a table of one value a key cost, and unions of listed keys. */
void bench_queries(uint32_t count);
void bench_unions(uint32_t count, uint32_t values);

#endif
