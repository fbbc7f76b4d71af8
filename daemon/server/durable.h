/* durable: which writes are answered only when they are on disk.
 *
 * A write says so itself, or its table does, or the server; changes of tables and
 * deletes always wait where there is a disk to wait for. */
#ifndef CARDINAL_SERVER_DURABLE_H
#define CARDINAL_SERVER_DURABLE_H

#include <stdbool.h>

#include "proto/ack.h"
#include "proto/status.h"

struct server_context;
struct table;

/* Is the answer to a write of this table to be held, that asked for ack?
 * ST_FAILED_PRECONDITION: there is no data directory; ST_UNAVAILABLE: the journal
 * cannot be written; nothing should be changed then. */
enum status durable_check(const struct server_context *context, const struct table *table,
                          enum ack ack, bool *is_durable, struct error *err);

/* The same for what always is, if it can be. ack is what was asked for besides. */
enum status durable_check_always(const struct server_context *context, enum ack ack,
                                 bool *is_durable, struct error *err);

#endif
