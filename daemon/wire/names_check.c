#include "daemon/wire/names_check.h"

#include <assert.h>
#include <string.h>

#include "proto/names.h"

#define QUOTE_BYTES 80u /* of a name or key in a message */

enum status check_name(struct bytes_view name, const char *what, struct error *err)
{
    char quoted[QUOTE_BYTES];
    if (name_is_valid((const char *)name.data, name.len))
        return ST_OK;
    if (name.len == 0)
        return error_set(err, ST_INVALID_ARGUMENT, "empty %s", what);
    if (name.len > NAME_MAX_BYTES)
        return error_set(err, ST_INVALID_ARGUMENT, "%s of %zu bytes, %u at most: '%s'", what,
                         name.len, NAME_MAX_BYTES,
                         error_quote(quoted, sizeof quoted, name.data, name.len));
    return error_set(err, ST_INVALID_ARGUMENT,
                     "invalid %s '%s': must match [A-Za-z_][A-Za-z0-9_.-]*", what,
                     error_quote(quoted, sizeof quoted, name.data, name.len));
}

static bool same(struct bytes_view a, struct bytes_view b)
{
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static uint32_t slot_of(struct bytes_view name)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < name.len; i++)
        h = (h ^ name.data[i]) * 16777619u;
    return h;
}

enum status check_distinct(const struct bytes_view *names, size_t n, const char *what,
                           struct error *err)
{
    enum { SLOTS = 2 * COLUMNS_MAX };
    uint16_t slots[SLOTS]; /* 1 + an index into names; 0: free */
    char quoted[QUOTE_BYTES];

    assert(n <= COLUMNS_MAX);
    if (n <= 1)
        return ST_OK;
    memset(slots, 0, sizeof slots);
    for (size_t i = 0; i < n; i++) {
        uint32_t at = slot_of(names[i]) % SLOTS;
        for (; slots[at] != 0; at = (at + 1) % SLOTS) {
            if (same(names[slots[at] - 1], names[i]))
                return error_set(err, ST_INVALID_ARGUMENT, "%s '%s' is there twice", what,
                                 error_quote(quoted, sizeof quoted, names[i].data, names[i].len));
        }
        slots[at] = (uint16_t)(i + 1);
    }
    return ST_OK;
}

enum status check_key(struct bytes_view key, const char *what, struct error *err)
{
    if (key.len <= KEY_MAX_BYTES)
        return ST_OK;
    char quoted[QUOTE_BYTES];
    return error_set(err, ST_INVALID_ARGUMENT, "%s of %zu bytes, %u at most: '%s'", what, key.len,
                     KEY_MAX_BYTES, error_quote(quoted, sizeof quoted, key.data, key.len));
}

enum status check_ack(uint32_t number, enum ack *out, struct error *err)
{
    if (number > ACK_DURABLE)
        return error_set(err, ST_INVALID_ARGUMENT, "unknown ack %u", number);
    *out = (enum ack)number;
    return ST_OK;
}
