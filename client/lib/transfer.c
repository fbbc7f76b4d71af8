/* Sketches as bytes, out of the daemon page by page and into it one by one. */
#include "client/lib/bytes.h"
#include "client/lib/client.h"
#include "client/lib/selector.h"

#define BYTES_A_PAGE (1u << 20)

struct transfer {
    struct cardinal_client *client;
    Cardinal__V1__Export message;
    struct bytes token; /* of the next page */
    cardinal_sketch_visit *visit;
    void *arg;
    bool more;
};

static cardinal_status take_page(struct transfer *transfer, const Cardinal__V1__ExportReply *reply)
{
    for (size_t i = 0; i < reply->n_sketches && transfer->more; i++) {
        const Cardinal__V1__KeySketch *sketch = reply->sketches[i];
        cardinal_key key = { sketch->key.data, sketch->key.len };
        transfer->more =
            transfer->visit(key, sketch->sketch.data, sketch->sketch.len, transfer->arg);
    }
    if (!transfer->more)
        return CARDINAL_OK;
    transfer->more = reply->next_page_token.len > 0;
    if (transfer->more && reply->n_sketches == 0)
        return client_bad_reply(transfer->client, "a page with nothing on it before the last");
    transfer->token.len = 0;
    if (!bytes_reserve(&transfer->token, reply->next_page_token.len))
        return client_nomem(transfer->client);
    bytes_append(&transfer->token, reply->next_page_token.data, reply->next_page_token.len);
    return CARDINAL_OK;
}

static cardinal_status next_page(struct transfer *transfer)
{
    struct call call;
    transfer->message.page_token =
        (ProtobufCBinaryData){ transfer->token.len, transfer->token.data };
    cardinal_status status = client_ask(transfer->client, CARDINAL__V1__REQUEST__BODY_EXPORT,
                                        &transfer->message.base, &call);
    if (status != CARDINAL_OK)
        return status;
    status = take_page(transfer, call.reply->export);
    call_release(&call);
    return status;
}

cardinal_status cardinal_export(cardinal_client *client, const char *table, const char *column,
                                const cardinal_selector *selector, cardinal_format format,
                                cardinal_sketch_visit *visit, void *arg)
{
    struct transfer transfer = { .client = client, .visit = visit, .arg = arg, .more = true };
    struct selector_message selected;
    cardinal_status status = selector_fill(&selected, selector, &client->fault);
    if (status != CARDINAL_OK)
        return status;
    uint32_t half_frame = client->core.limits.max_frame / 2;
    cardinal__v1__export__init(&transfer.message);
    transfer.message.table = (char *)table;
    transfer.message.column = (char *)column;
    transfer.message.selector = &selected.selector;
    transfer.message.format = (Cardinal__V1__SketchFormat)format;
    transfer.message.max_bytes = half_frame < BYTES_A_PAGE ? half_frame : BYTES_A_PAGE;
    while (transfer.more && status == CARDINAL_OK)
        status = next_page(&transfer);
    bytes_release(&transfer.token);
    selector_release(&selected);
    return status;
}

cardinal_status cardinal_import(cardinal_client *client, const char *table, const char *column,
                                cardinal_key key, cardinal_format format, const void *sketch,
                                size_t len, bool any_hash, bool *changed)
{
    Cardinal__V1__Import message = CARDINAL__V1__IMPORT__INIT;
    Cardinal__V1__KeySketch one = CARDINAL__V1__KEY_SKETCH__INIT;
    Cardinal__V1__KeySketch *list[] = { &one };
    struct call call;
    one.key = (ProtobufCBinaryData){ key.len, (uint8_t *)key.data };
    one.sketch = (ProtobufCBinaryData){ len, (uint8_t *)sketch };
    message.table = (char *)table;
    message.column = (char *)column;
    message.format = (Cardinal__V1__SketchFormat)format;
    message.any_hash = any_hash;
    message.ack = (Cardinal__V1__Ack)client->ack;
    message.n_sketches = 1;
    message.sketches = list;
    cardinal_status status =
        client_ask(client, CARDINAL__V1__REQUEST__BODY_IMPORT, &message.base, &call);
    if (status != CARDINAL_OK)
        return status;
    if (changed != NULL)
        *changed = call.reply->import->changes > 0;
    call_release(&call);
    return CARDINAL_OK;
}
