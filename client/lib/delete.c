#include "client/lib/client.h"
#include "client/lib/selector.h"

cardinal_status cardinal_delete(cardinal_client *client, const char *table,
                                const cardinal_selector *selector, uint64_t *deleted)
{
    Cardinal__V1__Delete message = CARDINAL__V1__DELETE__INIT;
    struct selector_message selected;
    struct call call;
    cardinal_status status = selector_fill(&selected, selector, &client->fault);
    if (status != CARDINAL_OK)
        return status;
    message.table = (char *)table;
    message.selector = &selected.selector;
    status = client_ask(client, CARDINAL__V1__REQUEST__BODY_DELETE, &message.base, &call);
    selector_release(&selected);
    if (status != CARDINAL_OK)
        return status;
    if (deleted != NULL)
        *deleted = call.reply->delete_->deleted;
    call_release(&call);
    return CARDINAL_OK;
}
