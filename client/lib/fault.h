/* What went wrong: a status of the public header and words that name the
 * subject. The library's counterpart of proto/status.h's struct error, whose
 * codes know nothing of connections.
 *
 * Thread safety: plain data. */
#ifndef CARDINAL_CLIENT_FAULT_H
#define CARDINAL_CLIENT_FAULT_H

#include "client/include/cardinal.h"

#define FAULT_TEXT_MAX 384u /* bytes, the final NUL included */

struct fault {
    cardinal_status status;
    char text[FAULT_TEXT_MAX];
};

/* Fills *fault with status and a text, cut to fit; returns status, so that a
 * failing function can end with it. */
cardinal_status fault_set(struct fault *fault, cardinal_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* fault_set() for memory that could not be had. */
cardinal_status fault_nomem(struct fault *fault);

/* The status that a number on the wire means; numbers of later versions are
 * CARDINAL_INTERNAL. */
cardinal_status fault_status_from_wire(int number);

#endif
