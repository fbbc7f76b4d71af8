/* call: one request on its way through its handler to an answer.
 *
 * A handler runs on a loop, or on a thread of the pool when it may take long.
 * On a loop it may find that out itself: it then sets is_deferred, answers
 * nothing, and is run anew in the pool. */
#ifndef CARDINAL_SERVER_CALL_H
#define CARDINAL_SERVER_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/table/table.h"
#include "daemon/wire/arena.h"
#include "daemon/wire/outbuf.h"
#include "daemon/wire/reply.h"
#include "daemon/wire/request.h"
#include "proto/status.h"

struct server_context;

struct call {
    struct server_context *context;
    struct request_head head; /* its body stays where it is until the answer is made */
    struct arena *arena;      /* for the request's parts and what the answer is made of */
    struct reply_to to;
    struct task task; /* in the pool: asked between stretches of long work */
    bool is_on_loop;
    bool is_durable; /* set by the handler: its answer waits until all is on disk */
    bool is_deferred;
};

/* Appends the answer, and returns ST_OK, or fails with nothing appended. */
typedef enum status call_handler(struct call *call, struct error *err);

/* Tables that a loop looks through for one answer; more are left to the pool. */
#define CALL_LOOP_TABLES_MAX 8u

/* Should it go to the pool without a look at the body? */
bool call_is_long(const struct request_head *head);

/* Runs the handler, which appends its answer unless it fails or is deferred. */
enum status call_handle(struct call *call, struct error *err);

/* Appends an error. false: no memory, nothing was appended. */
bool call_answer_error(struct outbuf *out, uint64_t id, const struct error *err);

/* A table, with a reference, and columns of it, found by name (column_count 0: all). */
enum status call_find(struct call *call, struct bytes_view name,
                      const struct bytes_view *column_names, size_t column_count,
                      struct table **table, struct column_set *columns, struct error *err);

/* The error of what was stopped before its end. */
enum status call_given_up(const char *what, enum status why, struct error *err);

/* handlers_table.c */
call_handler handle_create_table;
call_handler handle_alter_table;
call_handler handle_drop_table;
call_handler handle_list_tables;
call_handler handle_describe_table;
/* handlers_query.c */
call_handler handle_cardinality;
call_handler handle_union;
call_handler handle_scan;
call_handler handle_delete;
/* handlers_sketches.c */
call_handler handle_compare;
call_handler handle_top;
call_handler handle_merge;
call_handler handle_export;
call_handler handle_import;
/* handlers_stats.c */
call_handler handle_ping;
call_handler handle_stats;
/* handlers_disk.c */
call_handler handle_checkpoint;
call_handler handle_backup;

#endif
