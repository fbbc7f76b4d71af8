#include "tests/interop/our_side.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void demand(struct our_side *side, cardinal_status status)
{
    ck_assert_msg(status == CARDINAL_OK, "%s", cardinal_error(side->client));
}

static cardinal_key key_of(const char *key)
{
    return (cardinal_key){ key, strlen(key) };
}

void sketch_free(struct sketch *sketch)
{
    free(sketch->bytes);
    sketch->bytes = NULL;
}

void our_side_begin(struct our_side *side, cardinal_hash hash)
{
    static const char *const columns[] = { OUR_COLUMN, "other" };
    cardinal_options options = CARDINAL_OPTIONS_INIT;
    cardinal_table_spec spec = CARDINAL_TABLE_SPEC_INIT;
    daemon_start(&side->daemon, DAEMON_UNIX, NULL);
    options.address = daemon_address(&side->daemon);
    ck_assert_int_eq(cardinal_connect(&options, &side->client, NULL), CARDINAL_OK);
    spec.name = OUR_TABLE;
    spec.columns = columns;
    spec.column_count = 2;
    spec.hash = hash;
    demand(side, cardinal_table_create(side->client, &spec, NULL, NULL));
    demand(side, cardinal_batch_open(side->client, OUR_TABLE, columns, 2, NULL, &side->batch));
}

void our_side_end(struct our_side *side)
{
    cardinal_batch_close(side->batch);
    cardinal_close(side->client);
    daemon_stop(&side->daemon);
}

size_t value_text(char out[24], uint64_t n)
{
    return (size_t)snprintf(out, 24, "value-%llu", (unsigned long long)n);
}

void our_side_add(struct our_side *side, const char *key, uint64_t first, uint64_t last)
{
    for (uint64_t n = first; n < last; n++) {
        char value[24];
        size_t len = value_text(value, n);
        cardinal_status status =
            cardinal_batch_string(side->batch, key, strlen(key), 0, value, len);
        if (status != CARDINAL_OK)
            demand(side, status);
    }
    demand(side, cardinal_batch_flush(side->batch));
}

void our_side_touch(struct our_side *side, const char *key)
{
    demand(side, cardinal_batch_string(side->batch, key, strlen(key), 1, "", 0));
    demand(side, cardinal_batch_flush(side->batch));
}

static bool keep(cardinal_key key, const void *bytes, size_t len, void *arg)
{
    struct sketch *sketch = arg;
    (void)key;
    ck_assert_ptr_null(sketch->bytes);
    sketch->bytes = malloc(len);
    ck_assert_ptr_nonnull(sketch->bytes);
    memcpy(sketch->bytes, bytes, len);
    sketch->len = len;
    return true;
}

struct sketch our_side_export(struct our_side *side, const char *key, cardinal_format format)
{
    struct sketch sketch = { NULL, 0 };
    cardinal_key wanted = key_of(key);
    cardinal_selector selector = cardinal_select_keys(&wanted, 1);
    demand(side,
           cardinal_export(side->client, OUR_TABLE, OUR_COLUMN, &selector, format, keep, &sketch));
    ck_assert_msg(sketch.bytes != NULL, "there is no key '%s'", key);
    return sketch;
}

void our_side_import(struct our_side *side, const char *key, cardinal_format format,
                     const struct sketch *sketch)
{
    demand(side, cardinal_import(side->client, OUR_TABLE, OUR_COLUMN, key_of(key), format,
                                 sketch->bytes, sketch->len, false, NULL));
}

void our_side_merge(struct our_side *side, const char *into, const char *a, const char *b)
{
    const cardinal_key from[] = { key_of(a), key_of(b) };
    cardinal_selector selector = cardinal_select_keys(from, 2);
    uint64_t keys;
    demand(side, cardinal_merge(side->client, OUR_TABLE, key_of(into), &selector, &keys));
    ck_assert_uint_eq(keys, 2);
}

double our_side_count(struct our_side *side, const char *key)
{
    static const char *const column = OUR_COLUMN;
    cardinal_key wanted = key_of(key);
    cardinal_counts *counts;
    demand(side, cardinal_count(side->client, OUR_TABLE, &wanted, 1, &column, 1, &counts));
    double value = counts->rows[0].estimates[0].value;
    cardinal_counts_free(counts);
    return value;
}
