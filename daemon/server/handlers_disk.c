/* Requests about the disk. */
#include "daemon/server/call.h"
#include "daemon/server/context.h"
#include "daemon/store/keeper.h"
#include "daemon/wire/decode.h"

enum status handle_checkpoint(struct call *call, struct error *err)
{
    struct kept kept;

    enum status status = decode_empty(call->head.body, err);
    if (status == ST_OK && call->context->keeper == NULL)
        status = error_set(err, ST_FAILED_PRECONDITION, "a checkpoint needs a data directory");
    if (status == ST_OK)
        status = keeper_take(call->context->keeper, &call->task, &kept, err);
    if (status != ST_OK)
        return status;
    const struct checkpoint_reply reply = { kept.number, kept.tables, kept.keys, kept.bytes };
    return reply_checkpoint(&call->to, &reply, err);
}
