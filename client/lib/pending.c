#include "client/lib/pending.h"

#include <stdlib.h>

#include "client/lib/estimates.h"

struct cardinal_pending *pending_new(struct cardinal_client *client, const char *const *columns,
                                     size_t column_count)
{
    struct cardinal_pending *pending = calloc(1, sizeof *pending);
    if (pending == NULL)
        goto err;
    pending->client = client;
    pending->column_count = column_count;
    pending->arena = arena_new(SIZE_MAX);
    if (pending->arena == NULL)
        goto err_after_alloc;
    pending->columns = estimates_copy_names(pending->arena, columns, column_count);
    if (pending->columns == NULL)
        goto err_after_alloc;
    return pending;
err_after_alloc:
    cardinal_pending_drop(pending);
err:
    client_nomem(client);
    return NULL;
}

cardinal_status pending_send(struct cardinal_pending *pending, int kind,
                             const ProtobufCMessage *message)
{
    if (call_init(&pending->call, kind, message) != CARDINAL_OK)
        return client_nomem(pending->client);
    client_queue(pending->client, &pending->call);
    return CARDINAL_OK;
}

cardinal_status pending_wait(struct cardinal_pending *pending, int kind)
{
    cardinal_status status;
    if (pending->call.kind == kind)
        status = client_wait(pending->client, &pending->call);
    else
        status = client_fail(pending->client, CARDINAL_ERR_USAGE,
                             "waited for another kind of answer than was asked for");
    if (status != CARDINAL_OK)
        cardinal_pending_drop(pending);
    return status;
}

void cardinal_pending_drop(cardinal_pending *pending)
{
    if (pending == NULL)
        return;
    core_forget(&pending->client->core, &pending->call);
    call_release(&pending->call);
    arena_free(pending->arena);
    free(pending);
}
