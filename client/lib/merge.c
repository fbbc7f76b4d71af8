#include "client/lib/client.h"
#include "client/lib/selector.h"

cardinal_status cardinal_merge(cardinal_client *client, const char *table, cardinal_key into,
                               const cardinal_selector *from, uint64_t *keys)
{
    Cardinal__V1__Merge message = CARDINAL__V1__MERGE__INIT;
    struct selector_message selected;
    struct call call;
    cardinal_status status = selector_fill(&selected, from, &client->fault);
    if (status != CARDINAL_OK)
        return status;
    message.table = (char *)table;
    message.into = (ProtobufCBinaryData){ into.len, (uint8_t *)into.data };
    message.from = &selected.selector;
    message.ack = (Cardinal__V1__Ack)client->ack;
    status = client_ask(client, CARDINAL__V1__REQUEST__BODY_MERGE, &message.base, &call);
    selector_release(&selected);
    if (status != CARDINAL_OK)
        return status;
    if (keys != NULL)
        *keys = call.reply->merge->keys;
    call_release(&call);
    return CARDINAL_OK;
}
