/* cursor: reads protobuf's wire format in place, with a sticky error.
 *
 * The first thing that is wrong moves the cursor to its end and is remembered;
 * later reads give zeros, so that a parser checks once, after its loop. What is
 * accepted is what protobuf-c accepts: lengths and tags of up to five bytes,
 * varints of up to ten, no groups.
 *
 *     field  = tag value          tag = varint: number << 3 | wire type
 *     value  = varint             wire type 0: ints, bools, enums; sint64 as zigzag
 *            | 8 bytes            wire type 1: fixed64, double
 *            | varint bytes       wire type 2: strings, bytes, messages, packed runs
 *            | 4 bytes            wire type 5: float
 *
 * Inline, since ingest goes through it for every cell. Thread safety: none. */
#ifndef CARDINAL_WIRE_CURSOR_H
#define CARDINAL_WIRE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/table/selector.h"
#include "proto/status.h"

enum wire_type {
    WIRE_VARINT = 0,
    WIRE_64BIT = 1,
    WIRE_BYTES = 2,
    WIRE_32BIT = 5,
};

/* A tag as one number, for switches over fields. */
#define WIRE_TAG(field, type) ((uint64_t)(field) << 3 | (unsigned)(type))
#define WIRE_TAG_FIELD(tag) ((uint32_t)((tag) >> 3))
#define WIRE_TAG_TYPE(tag) ((unsigned)(tag)&7)

struct cursor {
    const uint8_t *at;
    const uint8_t *end;
    const char *fault;       /* what is wrong; NULL: nothing so far */
    const uint8_t *fault_at; /* where */
};

static inline struct cursor cursor_of(struct bytes_view bytes)
{
    return (struct cursor){ .at = bytes.data, .end = bytes.data + bytes.len };
}

static inline bool cursor_more(const struct cursor *c)
{
    return c->at < c->end;
}

/* Remembers the first fault. */
void cursor_fail(struct cursor *c, const char *fault, const uint8_t *where);

/* Takes over the fault of a cursor over a part. */
static inline void cursor_inherit(struct cursor *c, const struct cursor *part)
{
    if (part->fault != NULL)
        cursor_fail(c, part->fault, part->fault_at);
}

/* ST_MALFORMED with the fault and its offset from base, or ST_OK. */
enum status cursor_status(const struct cursor *c, const uint8_t *base, struct error *err);

/* A varint of more than one byte, max_bytes at most. */
uint64_t cursor_long_varint(struct cursor *c, unsigned max_bytes, const char *fault);

static inline uint64_t cursor_varint(struct cursor *c)
{
    if (c->at < c->end && *c->at < 0x80)
        return *c->at++;
    return cursor_long_varint(c, 10, "a number that does not end");
}

/* A tag of more than one byte, or that of the field 0 there is not. */
uint64_t cursor_long_tag(struct cursor *c);

static inline uint64_t cursor_tag(struct cursor *c)
{
    if (c->at < c->end && *c->at < 0x80 && *c->at >= 8)
        return *c->at++;
    return cursor_long_tag(c);
}

/* The contents of a length-delimited field. */
static inline struct bytes_view cursor_bytes(struct cursor *c)
{
    const uint8_t *start = c->at;
    uint64_t len;
    if (c->end - c->at >= 1 && c->at[0] < 0x80) {
        len = *c->at++;
    } else if (c->end - c->at >= 2 && c->at[1] < 0x80) {
        len = (c->at[0] & 0x7fu) | (uint32_t)c->at[1] << 7;
        c->at += 2;
    } else {
        len = cursor_long_varint(c, 5, "a length that does not end");
    }
    if (len > (size_t)(c->end - c->at)) {
        cursor_fail(c, "a length that goes past the end", start);
        return (struct bytes_view){ c->end, 0 };
    }
    struct bytes_view bytes = { c->at, (size_t)len };
    c->at += len;
    return bytes;
}

/* size bytes that lie there as they are; NULL past the end. */
static inline const uint8_t *cursor_fixed(struct cursor *c, size_t size)
{
    if (size > (size_t)(c->end - c->at)) {
        cursor_fail(c, "a number cut off by the end", c->at);
        return NULL;
    }
    const uint8_t *bytes = c->at;
    c->at += size;
    return bytes;
}

/* Passes over the value of a field that is of no interest. */
void cursor_skip(struct cursor *c, uint64_t tag);

/* The value of a field whose number is known under another wire type. */
void cursor_wrong_type(struct cursor *c);

#endif
