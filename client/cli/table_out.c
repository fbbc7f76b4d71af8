#include "client/cli/table_out.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/cli/grid.h"
#include "client/cli/json_out.h"

static const char *const hash_names[] = {
    [CARDINAL_HASH_XXH3] = "xxh3",
    [CARDINAL_HASH_MURMUR64A] = "murmur64a",
};

#define HASH_COUNT (sizeof hash_names / sizeof hash_names[0])

bool table_hash_parse(const char *name, cardinal_hash *out)
{
    for (size_t i = 0; i < HASH_COUNT; i++) {
        if (strcmp(name, hash_names[i]) == 0) {
            *out = (cardinal_hash)i;
            return true;
        }
    }
    return false;
}

static const char *hash_name(cardinal_hash hash)
{
    return (size_t)hash < HASH_COUNT ? hash_names[hash] : "unknown";
}

bool table_out_json(const cardinal_table *table, bool digest)
{
    struct json json = json_begin();
    json_text(&json, "name", table->name);
    json_uint(&json, "id", table->id);
    json_texts(&json, "columns", table->columns, table->column_count);
    json_uint(&json, "precision", table->precision);
    json_text(&json, "hash", hash_name(table->hash));
    json_uint(&json, "seed", table->seed);
    json_uint(&json, "keys", table->keys);
    json_uint(&json, "cells", table->cells);
    json_uint(&json, "bytes", table->bytes);
    if (digest) {
        char text[17];
        (void)snprintf(text, sizeof text, "%016" PRIx64, table->digest);
        json_text(&json, "digest", text);
    }
    return json_end(&json, stdout);
}

void table_out_text(const cardinal_table *table, bool digest)
{
    (void)printf("name       %s\n", table->name);
    (void)printf("id         %" PRIu64 "\n", table->id);
    (void)printf("columns    ");
    for (size_t i = 0; i < table->column_count; i++)
        (void)printf("%s%s", i == 0 ? "" : ",", table->columns[i]);
    (void)printf("\nprecision  %u\n", table->precision);
    (void)printf("hash       %s\n", hash_name(table->hash));
    (void)printf("seed       %" PRIu64 "\n", table->seed);
    (void)printf("keys       %" PRIu64 "\n", table->keys);
    (void)printf("cells      %" PRIu64 "\n", table->cells);
    (void)printf("bytes      %" PRIu64 "\n", table->bytes);
    if (digest)
        (void)printf("digest     %016" PRIx64 "\n", table->digest);
}

void table_out_head(struct grid *grid)
{
    static const char *const names[TABLE_OUT_GRID_COLUMNS] = { "name", "columns", "precision",
                                                               "keys", "cells",   "bytes" };
    for (size_t i = 0; i < TABLE_OUT_GRID_COLUMNS; i++)
        grid_text(grid, names[i]);
}

void table_out_row(struct grid *grid, const cardinal_table *table)
{
    grid_text(grid, table->name);
    grid_uint(grid, table->column_count);
    grid_uint(grid, table->precision);
    grid_uint(grid, table->keys);
    grid_uint(grid, table->cells);
    grid_uint(grid, table->bytes);
}
