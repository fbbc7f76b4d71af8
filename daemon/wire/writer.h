/* writer: appends protobuf's wire format to an output buffer, with a sticky
 * error, so that an encoder checks once, at its end.
 *
 * Fields that hold their default (0, false, empty) are left out, as proto3 has
 * it. A nested message is written between writer_open() and writer_close(),
 * which puts its length in front and moves it if the room left was not right.
 *
 * Thread safety: none. */
#ifndef CARDINAL_WIRE_WRITER_H
#define CARDINAL_WIRE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/table/selector.h"
#include "daemon/wire/outbuf.h"
#include "proto/status.h"

struct writer {
    struct outbuf *out;
    size_t limit;       /* length the buffer may reach at most */
    enum status status; /* ST_OK, ST_TOO_LARGE or ST_RESOURCE_EXHAUSTED */
};

/* An open nested message. */
struct writer_mark {
    size_t len_at;    /* where its length goes */
    size_t len_bytes; /* room left for it */
};

/* Bytes of the number as a varint. */
static inline size_t varint_size(uint64_t value)
{
    size_t size = 1;
    for (; value >= 0x80; value >>= 7)
        size++;
    return size;
}

/* Writes the number as a varint; returns where it ended. */
static inline uint8_t *varint_put(uint8_t *at, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

/* Room for n bytes, counted as written; NULL once anything went wrong. */
uint8_t *writer_room(struct writer *w, size_t n);

void writer_uint(struct writer *w, uint32_t field, uint64_t value);
void writer_fixed64(struct writer *w, uint32_t field, uint64_t value);
void writer_bytes(struct writer *w, uint32_t field, struct bytes_view bytes);
void writer_string(struct writer *w, uint32_t field, const char *text);

/* writer_string() that writes an empty one too, as an element of a list. */
void writer_element(struct writer *w, uint32_t field, const char *text);

/* likely_bytes: how long it will be; a good guess saves the moving. */
struct writer_mark writer_open(struct writer *w, uint32_t field, size_t likely_bytes);
void writer_close(struct writer *w, struct writer_mark mark);

#endif
