/* outbuf: bytes on their way out, appended at the end.
 *
 * Grows by doubling with malloc and realloc. The bytes can be taken away, to
 * be owned and freed by whoever writes them to a socket.
 *
 * Thread safety: none. */
#ifndef CARDINAL_WIRE_OUTBUF_H
#define CARDINAL_WIRE_OUTBUF_H

#include <stddef.h>
#include <stdint.h>

#include "proto/status.h"

struct outbuf {
    uint8_t *data; /* malloc'd; NULL while capacity is 0 */
    size_t len;
    size_t capacity;
};

/* Zeroed memory is an empty buffer too. */
void outbuf_init(struct outbuf *buf);
void outbuf_release(struct outbuf *buf);

/* Makes room for n more bytes after data + len; the caller writes there and
 * adds to len. On ST_RESOURCE_EXHAUSTED the buffer is as it was. */
enum status outbuf_reserve(struct outbuf *buf, size_t n);

/* Hands the bytes over: free() them. *len is their number; NULL when there are
 * none. The buffer is empty after it. */
uint8_t *outbuf_take(struct outbuf *buf, size_t *len);

#endif
