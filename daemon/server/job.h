/* job: a request that may take long, run by libuv's thread pool.
 *
 * It keeps a copy of the request, so that the frame may go, and makes its answer
 * in a buffer of its own. It can be stopped while it waits for a thread (it then
 * ends at once) and while it runs (it is asked between stretches of work).
 *
 * States: started by job_start(), it is queued or running until its work
 * callback's end on the loop; then done() is called, its timer closed, and it is
 * freed in the timer's close callback.
 *
 * Thread safety: job_start() and job_stop() on the loop's thread. */
#ifndef CARDINAL_SERVER_JOB_H
#define CARDINAL_SERVER_JOB_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "daemon/server/call.h"
#include "daemon/wire/arena.h"
#include "daemon/wire/outbuf.h"

struct loop;

struct job {
    uv_work_t work;
    uv_timer_t deadline;
    struct loop *loop;
    struct call call;
    struct arena arena;
    struct outbuf out;
    enum status outcome;
    atomic_int stop; /* an enum status: why to stop, ST_OK to go on */
    uint64_t budget_bytes;
    void (*done)(struct job *job);
    void *owner;      /* whom done() is for */
    struct job *next; /* of the owner */
    struct job *prev;
    uint8_t body[];
};

/* Queues a request; it has time_ms from now, 0: as long as it takes. done() is
 * called on the loop, once; the answer is in out, unless memory ran out. */
enum status job_start(struct loop *loop, const struct request_head *head, uint64_t time_ms,
                      void (*done)(struct job *job), void *owner, struct job **out,
                      struct error *err);

/* Asks it to end with this status. */
void job_stop(struct job *job, enum status why);

#endif
