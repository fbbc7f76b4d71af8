/* async: what cardinal_async is made of.
 *
 * Each connection is a link: a client of the blocking API that only ever takes
 * turns which do not wait, the socket watched by the loop. Calls that are done are
 * put in a list, and their callbacks are called out of the loop, so that no
 * callback runs inside of the core or of a function that the caller is in.
 *
 *     API call -> link is touched -> prepare: requests are written together
 *     socket, timer -> turn -> calls done -> callbacks -> (more API calls)
 *
 * Closing: handles are closed, the last of them to go cancels what is
 * unanswered, and the client is freed.
 *
 * Thread safety: the loop's thread. */
#ifndef CARDINAL_CLIENT_ASYNC_H
#define CARDINAL_CLIENT_ASYNC_H

#include <uv.h>

#include "client/include/cardinal_async.h"
#include "client/lib/client.h"

#define ASYNC_LINKS_MAX 64u
#define ASYNC_REQUESTS_DEFAULT 16384u

/* One connection. */
struct async_link {
    struct cardinal_client *client;
    struct cardinal_async *async;
    uv_poll_t *poll; /* of the socket; freed in its close callback. NULL: none is watched */
    int events;      /* that it watches for */
    uv_timer_t timer;
    int64_t due_ms; /* when the timer fires; INT64_MAX: it is stopped */
    bool touched;
    size_t unanswered;
};

/* A request, from its call to its callback. */
struct async_request {
    struct async_request *prev; /* in one of the client's lists */
    struct async_request *next;
    struct async_link *link;
    struct call *call; /* where it is */
    bool done;         /* in the list of those to be told */
    /* Tells the caller, with what became of the call or that it was cancelled. True:
     * the request goes on. Otherwise frees what it owns. */
    bool (*deliver)(struct async_request *request, bool cancelled);
    void *arg;
};

struct async_requests {
    struct async_request *first;
    struct async_request *last;
};

struct cardinal_async {
    uv_loop_t *loop;
    uv_prepare_t prepare; /* active while a link is touched or callbacks are due */
    uv_idle_t idle;       /* active while callbacks are due: the loop does not sleep */
    struct async_link *links;
    unsigned link_count;
    unsigned next_link;  /* where the next batch goes */
    unsigned open_links; /* whose handles are set up */
    unsigned handles;    /* not yet closed */

    struct async_requests waiting;
    struct async_requests done;
    size_t request_count;
    size_t max_requests;
    bool starved; /* a request was refused since the last drained */
    cardinal_async_told *drained;
    void *drained_arg;

    struct cardinal_async_batch *batches;
    bool news;      /* callbacks are due */
    uint64_t round; /* counts those of async_tell_batches() */

    bool closing;
    bool telling; /* in callbacks */
    cardinal_async_told *closed;
    void *closed_arg;
    struct fault fault; /* of the last call or callback */
};

/* ---- links ------------------------------------------------------------ */

cardinal_status async_link_init(struct async_link *link, struct cardinal_async *async,
                                const cardinal_options *options);
/* Closes the handles. */
void async_link_close(struct async_link *link);

/* Has the loop look after the link before it sleeps. */
void async_link_touch(struct async_link *link);

/* Takes a turn and watches for what comes next. */
void async_link_turn(struct async_link *link);

/* The link with the least to do. */
struct async_link *async_pick_link(struct cardinal_async *async);

/* ---- the client ------------------------------------------------------- */

/* A handle of the client was closed. */
void async_handle_closed(struct cardinal_async *async);

/* Calls the callbacks of all that is done. */
void async_tell(struct cardinal_async *async);

/* May another request be made? */
cardinal_status async_admit(struct cardinal_async *async);

/* The last call's or callback's fault; returns its status. */
cardinal_status async_fault(struct cardinal_async *async, const struct fault *fault);

/* Puts a request whose call was submitted in the lists: waiting, or done. */
void async_enlist(struct async_request *request, struct call *call);

/* Takes a request out of the lists, and its call out of the core. */
void async_withdraw(struct async_request *request);

/* Tells of a call that is done; on_done of all calls that requests have. */
void async_call_done(struct call *call);

/* ---- batches ---------------------------------------------------------- */

/* Calls the callbacks of batches. */
void async_tell_batches(struct cardinal_async *async);

/* Cancels and frees all batches. */
void async_cancel_batches(struct cardinal_async *async);

/* Batches that are on their way. */
size_t async_batches_unanswered(const struct cardinal_async *async);

#endif
