/* transport: a non-blocking stream socket to an address.
 *
 * A host that has several addresses is tried in the order the resolver gives
 * them. Resolving a name may block; numbers do not.
 *
 * States: CLOSED -open-> CONNECTING -> CONNECTED -> CLOSED.
 *
 * Thread safety: none; one owner. */
#ifndef CARDINAL_CLIENT_TRANSPORT_H
#define CARDINAL_CLIENT_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "client/lib/address.h"
#include "client/lib/fault.h"

struct addrinfo;

enum transport_state {
    TRANSPORT_CLOSED,
    TRANSPORT_CONNECTING,
    TRANSPORT_CONNECTED,
};

struct transport {
    enum transport_state state;
    int fd;
    struct addrinfo *found; /* while CONNECTING over TCP */
    struct addrinfo *next;  /* to be tried when this one fails */
    /* Told before fd is closed, for whoever watches it; may be NULL. */
    void (*on_close)(struct transport *transport);
};

#define TRANSPORT_INIT                                                                             \
    {                                                                                              \
        TRANSPORT_CLOSED, -1, NULL, NULL, NULL                                                     \
    }

/* Begins to connect: CONNECTING or CONNECTED when it returns CARDINAL_OK. */
cardinal_status transport_open(struct transport *transport, const struct address *address,
                               struct fault *fault);

/* The socket became writable while CONNECTING: CONNECTED, or CONNECTING to the
 * next address; CLOSED with a fault when there is none left. */
cardinal_status transport_advance(struct transport *transport, struct fault *fault);

/* Writes and reads what goes without waiting; *n is 0 when nothing does. The
 * end of the stream is a fault. */
cardinal_status transport_write(struct transport *transport, const struct iovec *iov, int count,
                                size_t *n, struct fault *fault);
cardinal_status transport_read(struct transport *transport, void *buffer, size_t size, size_t *n,
                               struct fault *fault);

/* Only gives the descriptor back, so that a forked child does not end its
 * parent's connection. */
void transport_close(struct transport *transport);

#endif
