/* core: the client's side of the protocol, without a socket.
 *
 * Requests go in as calls, bytes for the server come out; bytes from the
 * server go in, and calls are done. What carries the bytes is the caller's
 * affair, and so is time, which is passed in: the blocking API and one on an
 * event loop share all of this.
 *
 *     core_connected(core);
 *     core_submit(core, &call);
 *     while ((n = core_output(core, now, iov)) > 0)
 *         core_written(core, n pieces written as far as they went);
 *     core_feed(core, bytes, len, &fault);      .. call.state == CALL_DONE
 *
 * Requests are written in the order they were submitted; answers may come in
 * any. Never more are unanswered than the server allows; the rest waits.
 *
 * When the connection breaks, core_lost() decides about each call: what may be
 * sent again goes back to the queue, in its place; of the rest it is unknown
 * whether the server has done it.
 *
 * Thread safety: none; one owner. */
#ifndef CARDINAL_CLIENT_CORE_H
#define CARDINAL_CLIENT_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "client/lib/bytes.h"
#include "client/lib/call.h"

#define CORE_FLIGHT_MAX 1024u               /* unanswered requests, whatever the server allows */
#define CORE_FRAME_MAX (64u << 20)          /* bytes of a frame, whatever the server allows */
#define CORE_GREETING_FRAME_MAX (64u << 10) /* bytes of a frame before hello is answered */
#define CORE_REPLY_MEMORY_MAX (64u << 20)   /* bytes that one unpacked reply may take */
#define CORE_VERSION_MAX 64u                /* bytes kept of the server's version */
#define CORE_HEAD_MAX 32u /* frame header, id, deadline, tag and length of the body */

#define CORE_OUT_MAX 64u            /* requests written at a time */
#define CORE_OUT_BYTES (192u << 10) /* and bytes, unless one request has more */
#define CORE_IOV_MAX (2 * CORE_OUT_MAX)

enum core_state {
    CORE_CLOSED,   /* no connection: calls queue up */
    CORE_GREETING, /* hello is on its way: calls queue up */
    CORE_OPEN,
};

/* What the server said in its last hello; before it, what any server would take. */
struct core_limits {
    uint32_t max_frame;
    uint32_t max_batch_values;
    uint32_t max_in_flight;
    uint32_t max_key;
};

/* Which call a request id stands for. A slot whose call is NULL waits for the
 * answer to a call that was given up. */
struct core_slot {
    uint64_t id; /* 0: free */
    struct call *call;
};

/* A request that is being written. Empty when its call was given up before
 * any of it was written. */
struct core_frame {
    struct call *call; /* NULL: given up, but the frame must be finished */
    uint8_t head[CORE_HEAD_MAX];
    size_t head_len;
    uint8_t *body; /* the call's, or our own when it was given up */
    size_t body_len;
};

struct core {
    enum core_state state;
    struct core_limits limits;
    char server_version[CORE_VERSION_MAX];
    unsigned retries;   /* connections that one call may have after its first */
    unsigned greetings; /* hellos that were answered: the limits may be others since */
    uint64_t answers;   /* calls answered so far: shows that a connection works */

    struct call hello; /* sent first on each connection; not in the list */
    struct call *first;
    struct call *last;
    struct call *next_out; /* first call of the list that is not yet being written */

    int64_t earliest_ms; /* no call's deadline is before that */
    size_t queued_bytes; /* of the calls submitted since the queue was last empty */

    struct {
        struct core_frame frames[CORE_OUT_MAX]; /* being written, in a ring */
        unsigned first;
        unsigned count;
        size_t done; /* bytes of the first that are written */
    } out;

    struct bytes in;                         /* a frame that is not whole yet */
    struct core_slot slots[CORE_FLIGHT_MAX]; /* by id modulo their number */
    unsigned in_flight;                      /* slots taken */
    uint64_t last_id;
};

/* Makes a core; hello's body is made of token (NULL: none). */
cardinal_status core_init(struct core *core, const char *token, unsigned retries);

/* Frees it; calls still with it are left as they are, and must not be used. */
void core_release(struct core *core);

/* Queues a call; its deadline must be set. */
void core_submit(struct core *core, struct call *call);

/* Takes a call out, wherever it is, and does not tell on_done. */
void core_forget(struct core *core, struct call *call);

/* A connection is there: hello goes first. */
void core_connected(struct core *core);

/* What is to be written now, as so many pieces of several requests, valid until
 * the next call. */
int core_output(struct core *core, int64_t now_ms, struct iovec iov[CORE_IOV_MAX]);

/* Would there be anything? */
bool core_has_output(const struct core *core);

/* n bytes of it were. */
void core_written(struct core *core, size_t n);

/* Takes in what the server sent. Anything but CARDINAL_OK means that the
 * connection is to be dropped, and *fault says why. */
cardinal_status core_feed(struct core *core, const void *bytes, size_t len, struct fault *fault);

/* Has the deadline of a call passed? */
bool core_is_late(struct core *core, int64_t now_ms);

/* Ends calls whose deadline has passed. False: one was half written, and the
 * connection is to be dropped. */
bool core_expire(struct core *core, int64_t now_ms);

/* The connection, or the attempt to make one, is over, for the reason in fault:
 * ends the calls that cannot be sent again, or have had their connections. */
void core_lost(struct core *core, const struct fault *fault);

/* A connection is about to be made anew, for the calls that wait. */
void core_reconnecting(struct core *core);

/* Ends a call: its fault says how, and its slot is no longer its own. */
void core_finish(struct core *core, struct call *call);

/* Ends all calls that wait. */
void core_fail_all(struct core *core, const struct fault *fault);

/* ---- between the core's files ------------------------------------------ */

/* Puts a call behind those that are being written; there is room. */
void core_output_stage(struct core *core, struct call *call, int64_t now_ms);

/* Takes back a call that is being written, slot and all. False: part of it is
 * written, and it was left alone. */
bool core_output_retract(struct core *core, struct call *call);

/* The call that is partly written is given up: its body is the core's now. */
void core_output_adopt(struct core *core);

/* Forgets all that is being written. */
void core_output_drop(struct core *core);

#endif
