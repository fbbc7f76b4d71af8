/* Requests about the disk. */
#include <string.h>

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

/* The path with the NUL that the system wants. */
static char *copy_path(struct arena *arena, struct bytes_view directory)
{
    char *path = arena_alloc(arena, directory.len + 1);

    if (path == NULL)
        return NULL;
    memcpy(path, directory.data, directory.len);
    path[directory.len] = '\0';
    return path;
}

enum status handle_backup(struct call *call, struct error *err)
{
    struct backup_request request;
    struct kept kept;

    enum status status = decode_backup(call->head.body, call->arena, &request, err);
    if (status == ST_OK && call->context->keeper == NULL)
        status = error_set(err, ST_FAILED_PRECONDITION, "a backup needs a data directory");
    if (status != ST_OK)
        return status;
    const char *path = copy_path(call->arena, request.directory);
    if (path == NULL)
        return error_nomem(err);
    status = keeper_back_up(call->context->keeper, path, &call->task, &kept, err);
    if (status != ST_OK)
        return status;
    const struct checkpoint_reply reply = { kept.number, kept.tables, kept.keys, kept.bytes };
    return reply_backup(&call->to, &reply, err);
}
