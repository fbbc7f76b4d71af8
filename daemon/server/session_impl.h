/* session_impl: a session, for the files that make it up: session.c (requests
 * and turns), session_batch.c (batches), session_job.c (long requests),
 * session_wait.c (requests that wait), session_points.c (points, many together). */
#ifndef CARDINAL_SERVER_SESSION_IMPL_H
#define CARDINAL_SERVER_SESSION_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/server/alarm.h"
#include "daemon/server/order.h"
#include "daemon/server/session.h"
#include "daemon/wire/reply.h"
#include "daemon/wire/request.h"
#include "proto/status.h"

struct connection;
struct ingest_run;
struct job;
struct loop;
struct server_context;
struct turn_clock;

struct session {
    struct connection *connection;
    struct loop *loop;
    struct server_context *context;
    bool said_hello;
    bool counted_pause; /* the request at the front was counted as over max_in_flight */
    struct order order;
    struct ingest_run *run; /* the batch in work, at the front of the inbuf */
    struct job *jobs;
    bool waits_for_room;          /* the batch, for room in the journal (pressure.h) */
    struct session *next_waiting; /* of those of the loop */
    bool has_waiting;             /* the last turn ended with requests that wait */
    uint64_t earliest_ms;         /* loop time when the first of them expires; 0: never */
    struct alarm alarm;           /* then */
};

/* ---- session.c ---- */

/* Where the answer to a request goes that is made on the loop. */
struct reply_to session_reply_to(const struct session *session, uint64_t id);
void session_count_error(struct session *session, enum status status);

/* Answers with an error, and counts it. */
void session_answer_error(struct session *session, uint64_t id, const struct error *err);

/* Milliseconds left of the request's time, 0 when it has no limit; false when
 * none are left. */
bool session_time_left(const struct session *session, const struct request_head *head,
                       uint64_t *left_ms);

/* Would a request about tables be taken now, if it is in order? */
bool session_takes_requests(const struct session *session);

/* ---- session_points.c ---- */

/* Answers the requests at the front of the inbuf that ask for a key each; false: there is none
 * that could be, and nothing was done. */
bool session_answer_points(struct session *session);

/* ---- session_batch.c ---- */

/* Begins with the batch at the front of the inbuf, which has left_ms (0: any
 * time) to be prepared. On success it is the session's `run`, and its frame
 * stays until it is done. */
enum status session_begin_batch(struct session *session, const struct request_head *head,
                                size_t frame_bytes, uint64_t left_ms, struct error *err);

/* How a turn leaves the batch. */
enum batch_progress {
    BATCH_DONE,    /* answered, or there is none */
    BATCH_AGAIN,   /* the time was up before its end */
    BATCH_WAITING, /* it is being prepared, or waits for room; connection_wake() follows */
};

/* Goes on with the batch in work; BATCH_DONE if there is none. */
enum batch_progress session_advance_batch(struct session *session, struct turn_clock *clock);

/* Answers a batch that is still being prepared: its time is up. */
void session_expire_run(struct session *session);

/* ---- session_job.c ---- */

/* Begins a long request, which has left_ms (0: any time). */
enum status session_begin_job(struct session *session, const struct request_head *head,
                              uint64_t left_ms, struct error *err);

/* Asks all long requests to give up. */
void session_stop_jobs(struct session *session);

/* ---- session_wait.c ---- */

/* Answers those of the waiting requests whose time is up. */
void session_expire_waiting(struct session *session);

/* A turn ended, with requests that wait for earlier ones or without. */
void session_note_waiting(struct session *session, bool waits);

#endif
