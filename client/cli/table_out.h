/* Tables as they are printed, and their hashes by name. */
#ifndef CARDINAL_CLI_TABLE_OUT_H
#define CARDINAL_CLI_TABLE_OUT_H

#include <cardinal.h>
#include <stdbool.h>

#include "client/cli/cli.h"

struct grid;

/* The hash function of that name; false: there is none. */
bool table_hash_parse(const char *name, cardinal_hash *out);

/* One object with all there is to say; with the digest if asked, as 16 hex digits. */
bool table_out_json(const cardinal_table *table, bool digest);

/* A line for each thing there is to say. */
void table_out_text(const cardinal_table *table, bool digest);

/* A list of tables: its columns, its head, and a row of it. */
#define TABLE_OUT_GRID_COLUMNS 6u
void table_out_head(struct grid *grid);
void table_out_row(struct grid *grid, const cardinal_table *table);

#endif
