/* wire: a connection to the daemon, byte by byte.
 *
 * It shares nothing with the client library, so that each can show the other's
 * mistakes. Whatever goes wrong fails the test, which also bounds every wait.
 *
 * Thread safety: one connection is for one thread at a time. */
#ifndef CARDINAL_TESTS_WIRE_H
#define CARDINAL_TESTS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardinal.pb-c.h"

#define WIRE_TIMEOUT_MS 60000

struct wire {
    int fd;
    uint64_t last_id;
    uint8_t *in; /* received, not yet taken */
    size_t in_len;
    size_t in_size;
};

/* Opens a socket to "tcp://127.0.0.1:PORT" or "unix://PATH"; says nothing. */
int wire_open_socket(const char *address);

/* Connects, and does not say hello. */
void wire_connect_silently(struct wire *wire, const char *address);
void wire_close(struct wire *wire);

/* Sends bytes as they are. Returns whether the daemon took them all (false: it
 * hung up). */
bool wire_send_bytes(struct wire *wire, const void *bytes, size_t len);

/* Sends a payload as one frame. */
bool wire_send_frame(struct wire *wire, const void *payload, size_t len);

/* Sends a request, giving it the next id, which it returns. */
uint64_t wire_send(struct wire *wire, Cardinal__V1__Request *request);

/* The next response, or NULL when the daemon has hung up. The caller's: free it
 * with wire_free(). */
Cardinal__V1__Response *wire_receive(struct wire *wire);
void wire_free(Cardinal__V1__Response *response);

/* Sends a request and receives its answer: nothing else may be in flight. */
Cardinal__V1__Response *wire_call(struct wire *wire, Cardinal__V1__Request *request);

/* Reads what comes until the daemon hangs up, and demands that it does. */
void wire_expect_hangup(struct wire *wire);

#endif
