/* batch_plan: what all messages of a batch have in common. Shared by the blocking and the
 * asynchronous batch.
 *
 * Thread safety: its batch's. */
#ifndef CARDINAL_CLIENT_BATCH_PLAN_H
#define CARDINAL_CLIENT_BATCH_PLAN_H

#include "client/lib/call.h"
#include "client/lib/gather.h"
#include "proto/value_hash.h"

struct core_limits;

struct batch_plan {
    cardinal_batch_options options; /* with the defaults filled in */
    struct value_hasher hasher;
    size_t column_count;
    struct bytes prefix; /* what every message begins with: table, columns, ack */
};

/* Reads what the caller wants (NULL: the defaults) into an empty plan. */
cardinal_status batch_plan_options(struct batch_plan *plan, const cardinal_batch_options *given,
                                   struct fault *fault);

/* Fits it to the table, and to those of its columns that are named (none: all). */
cardinal_status batch_plan_table(struct batch_plan *plan, const cardinal_table *table,
                                 const char *const *columns, size_t column_count,
                                 struct fault *fault);

void batch_plan_release(struct batch_plan *plan);

/* What is wrong with a key or column: an index past the columns, or a key past the
 * limit. */
cardinal_status batch_plan_refuse(const struct batch_plan *plan, const struct core_limits *limits,
                                  size_t key_len, uint32_t column, struct fault *fault);

/* Makes the call that sends what was gathered, which is then forgotten. On
 * failure, for want of memory, nothing changes. */
cardinal_status batch_plan_seal(const struct batch_plan *plan, struct gather *gather,
                                struct call *call);

/* Bytes of the message so far, at most. */
static inline size_t batch_plan_size(const struct batch_plan *plan, const struct gather *gather)
{
    return plan->prefix.len + gather->bound;
}

#endif
