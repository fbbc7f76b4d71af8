#include "tests/fuzz/ingest_reference.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardinal_bytes.pb-c.h"
#include "daemon/wire/ingest.h"
#include "proto/names.h"

typedef Cardinal__Bytes__Ingest message;
typedef Cardinal__Bytes__Row message_row;
typedef Cardinal__Bytes__Cell message_cell;

static uint64_t accepted;

uint64_t ingest_accepted(void)
{
    return accepted;
}

static bool name_ok(ProtobufCBinaryData name)
{
    return name.len > 0 && name_is_valid((const char *)name.data, name.len);
}

static bool same(ProtobufCBinaryData a, ProtobufCBinaryData b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static bool head_ok(const message *m)
{
    if (!name_ok(m->table) || m->n_columns == 0 || m->n_columns > COLUMNS_MAX)
        return false;
    for (size_t i = 0; i < m->n_columns; i++) {
        if (!name_ok(m->columns[i]))
            return false;
        for (size_t j = 0; j < i; j++) {
            if (same(m->columns[i], m->columns[j]))
                return false;
        }
    }
    return m->n_rows > 0 && m->n_rows <= REFERENCE_MAX_VALUES && (uint32_t)m->ack <= 2;
}

static size_t cell_values(const message_cell *cell)
{
    return cell->n_hashes + cell->n_strings + cell->n_ints + cell->n_doubles;
}

static bool row_ok(const message *m, const message_row *row, size_t *values)
{
    bool seen[COLUMNS_MAX] = { false };
    if (row->key.len > KEY_MAX_BYTES)
        return false;
    for (size_t i = 0; i < row->n_cells; i++) {
        const message_cell *cell = row->cells[i];
        if (cell->column >= m->n_columns || seen[cell->column])
            return false;
        seen[cell->column] = true;
        if (cell->n_hashes > 0 && m->table_id == 0)
            return false;
        *values += cell_values(cell);
    }
    return true;
}

static bool message_ok(const message *m)
{
    size_t values = 0;
    if (!head_ok(m))
        return false;
    for (size_t i = 0; i < m->n_rows; i++) {
        if (!row_ok(m, m->rows[i], &values))
            return false;
    }
    return values <= REFERENCE_MAX_VALUES;
}

static int compare_words(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* The cell's values as a sorted list of hashes; returns how many. */
static size_t expected_hashes(const message_cell *cell, const struct value_hasher *hasher,
                              uint64_t *out)
{
    size_t n = 0;
    for (size_t i = 0; i < cell->n_hashes; i++)
        out[n++] = cell->hashes[i];
    for (size_t i = 0; i < cell->n_strings; i++)
        out[n++] = value_hash_bytes(hasher, cell->strings[i].data, cell->strings[i].len);
    for (size_t i = 0; i < cell->n_ints; i++)
        out[n++] = value_hash_int(hasher, cell->ints[i]);
    for (size_t i = 0; i < cell->n_doubles; i++)
        out[n++] = value_hash_double(hasher, cell->doubles[i]);
    qsort(out, n, sizeof *out, compare_words);
    return n;
}

static const char *cell_difference(const message_cell *expected, const struct value_hasher *hasher,
                                   const struct batch_cell *cell)
{
    uint64_t want[REFERENCE_MAX_VALUES];
    uint64_t have[REFERENCE_MAX_VALUES];
    size_t n = expected_hashes(expected, hasher, want);
    if (cell->column != expected->column)
        return "another column";
    if (cell->n != n)
        return "another number of values in a cell";
    memcpy(have, cell->hashes, n * sizeof *have);
    qsort(have, n, sizeof *have, compare_words);
    return memcmp(have, want, n * sizeof *have) == 0 ? NULL : "other hashes";
}

static const char *row_difference(const message_row *expected, const struct value_hasher *hasher,
                                  const struct batch *batch, const struct batch_row *row,
                                  uint64_t *values)
{
    uint32_t n = 0;
    if (row->key_len != expected->key.len ||
        (row->key_len > 0 && memcmp(row->key, expected->key.data, row->key_len) != 0))
        return "another key";
    for (size_t i = 0; i < expected->n_cells; i++) {
        if (cell_values(expected->cells[i]) == 0)
            continue;
        if (n == row->cell_count)
            return "too few cells in a row";
        const struct batch_cell *cell = &batch->cells[row->first_cell + n++];
        const char *difference = cell_difference(expected->cells[i], hasher, cell);
        if (difference != NULL)
            return difference;
        *values += cell->n;
    }
    return n == row->cell_count ? NULL : "too many cells in a row";
}

static bool row_has_values(const message_row *row)
{
    for (size_t i = 0; i < row->n_cells; i++) {
        if (cell_values(row->cells[i]) > 0)
            return true;
    }
    return false;
}

static const char *batch_difference(const message *m, const struct value_hasher *hasher,
                                    const struct ingest_head *head, const struct batch *batch)
{
    uint32_t n = 0;
    uint64_t values = 0;
    if (head->table_id != m->table_id || (uint32_t)head->ack != (uint32_t)m->ack)
        return "another head";
    if (batch->column_count != m->n_columns)
        return "another number of columns";
    for (size_t i = 0; i < m->n_rows; i++) {
        if (!row_has_values(m->rows[i]))
            continue;
        if (n == batch->row_count)
            return "too few rows";
        const char *difference =
            row_difference(m->rows[i], hasher, batch, &batch->rows[n++], &values);
        if (difference != NULL)
            return difference;
    }
    if (n != batch->row_count)
        return "too many rows";
    return values == batch->value_count ? NULL : "another count of values";
}

const char *ingest_difference(struct bytes_view body)
{
    static char text[ERROR_TEXT_MAX + 64];
    struct value_hasher hasher;
    struct arena arena;
    struct ingest_head head;
    struct batch batch;
    struct error err;
    const char *difference = NULL;

    value_hasher_init(&hasher, HASH_KIND_XXH3, 17);
    arena_init(&arena, 4096, INGEST_ARENA_BYTES(REFERENCE_MAX_VALUES));
    message *m = cardinal__bytes__ingest__unpack(NULL, body.len, body.data);
    bool expected = m != NULL && message_ok(m);
    enum status st = ingest_head(body, REFERENCE_MAX_VALUES, &arena, &head, &err);
    if (st == ST_OK)
        st = ingest_decode(&head, &hasher, REFERENCE_MAX_VALUES, &arena, &batch, &err);
    if (expected != (st == ST_OK)) {
        snprintf(text, sizeof text, "%s, but the decoder says: %s",
                 expected ? "a good batch" : "a bad batch", st == ST_OK ? "ok" : err.text);
        difference = text;
    } else if (m != NULL && st == ST_MALFORMED) {
        snprintf(text, sizeof text, "protobuf-c reads it, but the decoder says: %s", err.text);
        difference = text;
    } else if (expected) {
        difference = batch_difference(m, &hasher, &head, &batch);
        accepted++;
    }
    cardinal__bytes__ingest__free_unpacked(m, NULL);
    arena_release(&arena);
    return difference;
}
