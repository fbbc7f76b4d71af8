/* cardinal_async.h: the client library of cardinald on the caller's own libuv
 * loop. Part of libcardinal-uv, beside libcardinal:
 *
 *     cc app.c $(pkg-config --cflags --libs cardinal-uv)
 *
 * Callbacks. Each request has one, which is called exactly once (a scan's once a
 * page), on the thread that runs the loop, out of the loop and never out of a
 * function of this header: when the answer is there, when the request failed, or
 * with CARDINAL_CANCELLED after cardinal_async_close(). Inside a callback every
 * function here may be called, closing the client included. A result lives until
 * the callback returns; its status is that of the blocking API, and
 * cardinal_async_error() has the words until then. A function that returns
 * anything but CARDINAL_OK takes nothing, and its callback is not called.
 *
 * Threads. Everything belongs to the thread that runs the loop. Clients on other
 * loops are independent.
 *
 * Order. Requests are spread over the connections, and answers come in any order. All
 * that one batch handle sends keeps to one connection, and its batches are
 * answered in their order unless one is sent again.
 *
 * Delivery, retries, timeouts and limits are those of cardinal.h: a connection that
 * breaks is made anew when requests wait for it, and what may be repeated is.
 *
 * Memory is bounded: beyond max_requests, and beyond a batch's max_bytes,
 * functions return CARDINAL_ERR_FULL, and a drained callback says when to go on.
 *
 * Loop. A client that is connected or has something to do keeps its loop alive. Nothing here blocks
 * but the resolver, when the server is given by a name: give an IP address or a Unix socket where
 * that matters. */
#ifndef CARDINAL_ASYNC_H
#define CARDINAL_ASYNC_H

#include <cardinal.h>
#include <uv.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cardinal_async cardinal_async;

/* For requests whose answer is but a status; may be NULL. */
typedef void cardinal_async_done(cardinal_async *client, cardinal_status status, void *arg);
/* For what has no status. */
typedef void cardinal_async_told(cardinal_async *client, void *arg);

/* Start from CARDINAL_ASYNC_OPTIONS_INIT. */
typedef struct cardinal_async_options {
    size_t size;
    const cardinal_options *connect; /* NULL: as cardinal_connect(NULL, ..) */
    unsigned connections;            /* 1 to 64; 0: 1 */
    unsigned max_requests;           /* not yet answered, batches aside; 0: 16,384 */
    cardinal_async_told *drained;    /* after a request returned CARDINAL_ERR_FULL: half of
                                        max_requests are answered; may be NULL */
    void *arg;                       /* of drained */
} cardinal_async_options;

#define CARDINAL_ASYNC_OPTIONS_INIT                                                                \
    {                                                                                              \
        sizeof(cardinal_async_options), NULL, 0, 0, NULL, NULL                                     \
    }

/* Makes a client on the loop and connects; opened is told whether the server was
 * reached. The client is there at once, and requests may be made: they wait. It
 * must be closed whether it was reached or not. *error_out as in cardinal_connect().
 * After a failure the loop must run once more before it is closed. */
CARDINAL_API cardinal_status cardinal_async_open(uv_loop_t *loop,
                                                 const cardinal_async_options *options,
                                                 cardinal_async_done *opened, void *arg,
                                                 cardinal_async **out, char **error_out);

/* Closes the client with all batches made from it. Requests and batches that are
 * not answered get their callbacks with CARDINAL_CANCELLED; whether the server
 * has done them is unknown. closed (may be NULL) comes last; after it the handles
 * are gone. */
CARDINAL_API void cardinal_async_close(cardinal_async *client, cardinal_async_told *closed,
                                       void *arg);

/* What went wrong: in the last call that failed, or in a callback the reason of
 * its status. */
CARDINAL_API const char *cardinal_async_error(const cardinal_async *client);

/* Requests and batches that are not answered. */
CARDINAL_API size_t cardinal_async_unanswered(const cardinal_async *client);

/* ---- questions -------------------------------------------------------- */

CARDINAL_API cardinal_status cardinal_async_ping(cardinal_async *client, cardinal_async_done *done,
                                                 void *arg);

/* counts is NULL unless status is CARDINAL_OK; so with the other results. */
typedef void cardinal_async_counted(cardinal_async *client, cardinal_status status,
                                    const cardinal_counts *counts, void *arg);
/* Keys and columns as in cardinal_count_start(); they are copied. */
CARDINAL_API cardinal_status cardinal_async_count(cardinal_async *client, const char *table,
                                                  const cardinal_key *keys, size_t key_count,
                                                  const char *const *columns, size_t column_count,
                                                  cardinal_async_counted *counted, void *arg);

typedef void cardinal_async_united(cardinal_async *client, cardinal_status status,
                                   const cardinal_union_result *result, void *arg);
CARDINAL_API cardinal_status cardinal_async_union(cardinal_async *client, const char *table,
                                                  const cardinal_selector *selector,
                                                  const char *const *columns, size_t column_count,
                                                  cardinal_async_united *united, void *arg);

typedef void cardinal_async_compared(cardinal_async *client, cardinal_status status,
                                     const cardinal_overlap *overlap, void *arg);
CARDINAL_API cardinal_status cardinal_async_compare(cardinal_async *client, const char *table,
                                                    const char *column, const cardinal_selector *a,
                                                    const cardinal_selector *b,
                                                    cardinal_async_compared *compared, void *arg);

/* Keys in bytewise order: so many of them at once. */
typedef struct cardinal_async_page {
    const char *const *columns;
    size_t column_count;
    const cardinal_row *rows;
    size_t row_count;
    bool last; /* no page follows */
} cardinal_async_page;

/* Called for each page, one after the other; the one after it is asked for
 * meanwhile. Ends with the last page, with a status that is not CARDINAL_OK
 * (page is NULL then), or when it returns false. */
typedef bool cardinal_async_paged(cardinal_async *client, cardinal_status status,
                                  const cardinal_async_page *page, void *arg);
/* Selector and limit as in cardinal_scan_open(). */
CARDINAL_API cardinal_status cardinal_async_scan(cardinal_async *client, const char *table,
                                                 const cardinal_selector *selector,
                                                 const char *const *columns, size_t column_count,
                                                 uint64_t limit, cardinal_async_paged *paged,
                                                 void *arg);

/* ---- ingest ----------------------------------------------------------- */

/* A batch handle as cardinal_batch is, which never waits. */
typedef struct cardinal_async_batch cardinal_async_batch;

typedef struct cardinal_failed cardinal_failed_batch;

/* What became of one batch of values. */
typedef struct cardinal_async_ack {
    cardinal_status status;
    uint64_t values;  /* added to it */
    uint64_t changes; /* of them changed a sketch; 0 if it failed */
    /* Unless status is CARDINAL_OK or CARDINAL_CANCELLED: the batch, to be given to
     * cardinal_async_batch_retry() in the callback if it is to be sent again. */
    cardinal_failed_batch *failed;
} cardinal_async_ack;

/* Each may be NULL. */
typedef struct cardinal_async_batch_events {
    /* The table is known, and values can be added; or it is not, and the handle is
     * good for nothing but being closed. */
    void (*opened)(cardinal_async_batch *batch, cardinal_status status, void *arg);
    /* A batch of values was answered, or failed. */
    void (*acked)(cardinal_async_batch *batch, const cardinal_async_ack *ack, void *arg);
    /* After an add returned CARDINAL_ERR_FULL: there is room again. */
    void (*drained)(cardinal_async_batch *batch, void *arg);
    /* All that was added before cardinal_async_batch_flush() has been acked. */
    void (*flushed)(cardinal_async_batch *batch, void *arg);
} cardinal_async_batch_events;

/* Opens a batch into a table's columns; none: all. options as in
 * cardinal_batch_open(), but it never waits: when_full is not looked at. */
CARDINAL_API cardinal_status cardinal_async_batch_open(cardinal_async *client, const char *table,
                                                       const char *const *columns,
                                                       size_t column_count,
                                                       const cardinal_batch_options *options,
                                                       const cardinal_async_batch_events *events,
                                                       void *arg, cardinal_async_batch **out);

/* Adds a value, as cardinal_batch_string() and the others do. CARDINAL_ERR_FULL
 * before it is opened, while there is no room, and when the loop has not run for so
 * long that max_in_flight answers wait to be told of: return, and wait for drained. A batch is
 * sent when it has its number of values or its age, which needs no polling here. */
CARDINAL_API cardinal_status cardinal_async_batch_string(cardinal_async_batch *batch,
                                                         const void *key, size_t key_len,
                                                         uint32_t column, const void *value,
                                                         size_t value_len);
CARDINAL_API cardinal_status cardinal_async_batch_int(cardinal_async_batch *batch, const void *key,
                                                      size_t key_len, uint32_t column,
                                                      int64_t value);
CARDINAL_API cardinal_status cardinal_async_batch_double(cardinal_async_batch *batch,
                                                         const void *key, size_t key_len,
                                                         uint32_t column, double value);
CARDINAL_API cardinal_status cardinal_async_batch_hash(cardinal_async_batch *batch, const void *key,
                                                       size_t key_len, uint32_t column,
                                                       uint64_t hash);

/* Sends what is there as soon as there is room for it, and lets flushed know when
 * all is acked. Only once it is opened. */
CARDINAL_API cardinal_status cardinal_async_batch_flush(cardinal_async_batch *batch);

/* Sends a failed batch again. Only in the acked callback that told of it. */
CARDINAL_API cardinal_status cardinal_async_batch_retry(cardinal_async_batch *batch,
                                                        cardinal_failed_batch *failed);

CARDINAL_API void cardinal_async_batch_get_totals(const cardinal_async_batch *batch,
                                                  cardinal_batch_totals *out);

/* Gives the handle up: what is not sent is dropped, and no callback of it is called
 * any more. Accepts NULL. */
CARDINAL_API void cardinal_async_batch_close(cardinal_async_batch *batch);

#ifdef __cplusplus
}
#endif

#endif
