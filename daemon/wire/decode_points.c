#include "daemon/wire/decode_points.h"

#include <string.h>

#include "daemon/wire/cursor.h"
#include "proto/names.h"

enum { TABLE = 1, COLUMNS = 2, SELECTOR = 3 }; /* fields of Cardinality */
enum { LIST = 1 };                             /* of Selector */
enum { KEYS = 1 };                             /* of KeyList */

/* The next field's bytes, if it is that one; else the cursor stays. */
static bool next_is(struct cursor *c, uint32_t field, struct bytes_view *out)
{
    if (!cursor_more(c) || *c->at != WIRE_TAG(field, WIRE_BYTES))
        return false;
    c->at++;
    *out = cursor_bytes(c);
    return c->fault == NULL;
}

/* Counts the elements of a repeated field, from the cursor on, up to max + 1. */
static size_t count_of(struct cursor c, uint32_t field, size_t max)
{
    struct bytes_view element;
    size_t n = 0;

    while (n <= max && next_is(&c, field, &element))
        n++;
    return n;
}

/* All of a field from the cursor on, n of them, into the arena. */
static struct bytes_view *collect(struct cursor *c, uint32_t field, size_t n, struct arena *arena)
{
    struct bytes_view *elements = arena_alloc_array(arena, n, sizeof *elements);

    if (elements == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++)
        next_is(c, field, &elements[i]);
    return elements;
}

static bool read_columns(struct cursor *c, struct arena *arena, struct cardinality_request *out)
{
    out->column_count = count_of(*c, COLUMNS, COLUMNS_MAX);
    if (out->column_count > COLUMNS_MAX)
        return false;
    out->columns = collect(c, COLUMNS, out->column_count, arena);
    if (out->columns == NULL)
        return false;
    for (size_t i = 0; i < out->column_count; i++) {
        const struct bytes_view *name = &out->columns[i];
        if (!name_is_valid((const char *)name->data, name->len))
            return false;
    }
    return true;
}

static bool read_keys(struct bytes_view selector, const struct decode_limits *limits,
                      struct arena *arena, struct cardinality_request *out)
{
    struct cursor c = cursor_of(selector);
    struct bytes_view list;

    if (!next_is(&c, LIST, &list) || cursor_more(&c))
        return false;
    c = cursor_of(list);
    out->key_count = count_of(c, KEYS, limits->max_keys);
    if (out->key_count == 0 || out->key_count > limits->max_keys)
        return false;
    struct bytes_view *keys = collect(&c, KEYS, out->key_count, arena);
    if (keys == NULL || cursor_more(&c))
        return false;
    for (size_t i = 0; i < out->key_count; i++) {
        if (keys[i].len > KEY_MAX_BYTES)
            return false;
    }
    out->keys = keys;
    return true;
}

bool decode_points(struct bytes_view body, const struct decode_limits *limits, struct arena *arena,
                   struct cardinality_request *out)
{
    struct cursor c = cursor_of(body);
    struct cardinality_request request = { 0 };
    struct bytes_view selector;

    if (!next_is(&c, TABLE, &request.table) ||
        !name_is_valid((const char *)request.table.data, request.table.len) ||
        !read_columns(&c, arena, &request) || !next_is(&c, SELECTOR, &selector) ||
        cursor_more(&c) || !read_keys(selector, limits, arena, &request))
        return false;
    *out = request;
    return true;
}

struct bytes_view point_prefix(struct bytes_view body)
{
    struct cursor c = cursor_of(body);
    struct bytes_view name;

    (void)next_is(&c, TABLE, &name);
    while (next_is(&c, COLUMNS, &name))
        continue;
    return (struct bytes_view){ body.data, (size_t)(c.at - body.data) };
}

/* The only field there is, if it is that one. */
static bool only_is(struct bytes_view message, uint32_t field, struct bytes_view *out)
{
    struct cursor c = cursor_of(message);

    return next_is(&c, field, out) && !cursor_more(&c);
}

bool point_key(struct bytes_view body, struct bytes_view prefix, struct bytes_view *key)
{
    struct bytes_view selector;
    struct bytes_view list;

    if (body.len < prefix.len || memcmp(body.data, prefix.data, prefix.len) != 0)
        return false;
    body = (struct bytes_view){ body.data + prefix.len, body.len - prefix.len };
    return only_is(body, SELECTOR, &selector) && only_is(selector, LIST, &list) &&
           only_is(list, KEYS, key) && key->len <= KEY_MAX_BYTES;
}
