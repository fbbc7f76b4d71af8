#include "daemon/wire/cursor.h"

void cursor_fail(struct cursor *c, const char *fault, const uint8_t *where)
{
    if (c->fault == NULL) {
        c->fault = fault;
        c->fault_at = where;
    }
    c->at = c->end;
}

enum status cursor_status(const struct cursor *c, const uint8_t *base, struct error *err)
{
    if (c->fault == NULL)
        return ST_OK;
    return error_set(err, ST_MALFORMED, "malformed message: %s at byte %zu", c->fault,
                     (size_t)(c->fault_at - base));
}

uint64_t cursor_long_varint(struct cursor *c, unsigned max_bytes, const char *fault)
{
    const uint8_t *at = c->at;
    const uint8_t *last = (size_t)(c->end - at) > max_bytes ? at + max_bytes : c->end;
    uint64_t value = 0;
    for (unsigned shift = 0; at < last; shift += 7) {
        value |= (uint64_t)(*at & 0x7f) << shift;
        if (*at++ < 0x80) {
            c->at = at;
            return value;
        }
    }
    cursor_fail(c, fault, c->at);
    return 0;
}

uint64_t cursor_long_tag(struct cursor *c)
{
    if (c->at < c->end && *c->at < 8) {
        cursor_fail(c, "a field of number 0", c->at);
        return 0;
    }
    return cursor_long_varint(c, 5, "a field tag that does not end");
}

void cursor_skip(struct cursor *c, uint64_t tag)
{
    switch (WIRE_TAG_TYPE(tag)) {
    case WIRE_VARINT:
        cursor_varint(c);
        break;
    case WIRE_64BIT:
        cursor_fixed(c, 8);
        break;
    case WIRE_BYTES:
        cursor_bytes(c);
        break;
    case WIRE_32BIT:
        cursor_fixed(c, 4);
        break;
    default:
        cursor_fail(c, "an unknown wire type", c->at);
        break;
    }
}

void cursor_wrong_type(struct cursor *c)
{
    cursor_fail(c, "a field of the wrong wire type", c->at);
}
