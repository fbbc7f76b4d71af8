/* call: one request on its way, from its body to its answer.
 *
 * Embedded in what asks. States:
 *
 *     NEW -submit-> QUEUED -> WRITING -> WRITTEN -> DONE
 *                     ^          |          |
 *                     +----------+----------+  the connection broke
 *
 * A call that was submitted must be forgotten (core_forget) before its memory
 * goes, unless it is DONE.
 *
 * Thread safety: its client's. */
#ifndef CARDINAL_CLIENT_CALL_H
#define CARDINAL_CLIENT_CALL_H

#include <cardinal.pb-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/lib/arena.h"
#include "client/lib/fault.h"

enum call_state {
    CALL_NEW,
    CALL_QUEUED,  /* nothing of it is written */
    CALL_WRITING, /* part of it is */
    CALL_WRITTEN, /* the answer is awaited */
    CALL_DONE,    /* fault.status says how it ended */
};

struct call;
typedef void call_done(struct call *call);

struct call {
    struct call *prev; /* in the core's list, oldest first */
    struct call *next;
    enum call_state state;
    int kind;             /* field number of its body, in Request and Response alike */
    bool repeatable;      /* doing it twice is doing it once, so it may be sent anew */
    bool reached;         /* was written whole at least once: the server may have done it */
    unsigned connections; /* that were tried with it so far */
    int64_t deadline_ms;  /* monotonic */
    int64_t timeout_ms;   /* what the deadline was made of, for messages */
    uint64_t id;          /* while WRITING or WRITTEN */
    uint8_t *body;        /* message in wire format, without tag and length; owned */
    size_t body_len;
    struct arena *arena;           /* holds reply; owned */
    Cardinal__V1__Response *reply; /* when it ended with CARDINAL_OK */
    struct fault fault;
    call_done *on_done; /* told when DONE; may not call into the core; may be NULL */
    void *owner;        /* whatever on_done wants to know */
};

/* Makes call ready for submission with the message as its body. CARDINAL_ERR_MEMORY
 * leaves it released. */
cardinal_status call_init(struct call *call, int kind, const ProtobufCMessage *body);

/* Frees what the call owns; it must not be with a core. */
void call_release(struct call *call);

/* The request's name, "Ingest" say, for messages. */
const char *call_kind_name(int kind);

#endif
