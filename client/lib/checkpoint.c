#include "client/lib/client.h"

cardinal_status cardinal_checkpoint(cardinal_client *client, cardinal_checkpoint_result *out)
{
    Cardinal__V1__Checkpoint message = CARDINAL__V1__CHECKPOINT__INIT;
    struct call call;
    cardinal_status status =
        client_ask(client, CARDINAL__V1__REQUEST__BODY_CHECKPOINT, &message.base, &call);
    if (status != CARDINAL_OK)
        return status;
    const Cardinal__V1__CheckpointReply *reply = call.reply->checkpoint;
    if (out != NULL)
        *out = (cardinal_checkpoint_result){ reply->snapshot, reply->tables, reply->keys,
                                             reply->bytes };
    call_release(&call);
    return CARDINAL_OK;
}
