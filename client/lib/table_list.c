/* Tables by name, page by page. */
#include <stdlib.h>
#include <string.h>

#include "client/lib/bytes.h"
#include "client/lib/client.h"
#include "client/lib/table_info.h"

#define TABLES_A_PAGE 256u

struct listing {
    struct cardinal_client *client;
    const char *prefix;
    cardinal_table_visit *visit;
    void *arg;
    struct bytes token;               /* of the next page */
    char last[CARDINAL_NAME_MAX + 1]; /* name seen last: pages must go on from it */
    bool more;
};

static cardinal_status visit_one(struct listing *listing, struct arena *arena,
                                 const Cardinal__V1__TableInfo *info)
{
    cardinal_table table;
    cardinal_status status = table_info_fill(listing->client, arena, info, &table);
    if (status != CARDINAL_OK)
        return status;
    size_t len = strlen(table.name);
    if (len > CARDINAL_NAME_MAX || strcmp(table.name, listing->last) <= 0)
        return client_bad_reply(listing->client, "tables out of order");
    memcpy(listing->last, table.name, len + 1);
    listing->more = listing->visit(&table, listing->arg);
    return CARDINAL_OK;
}

static cardinal_status take_page(struct listing *listing, struct call *call)
{
    const Cardinal__V1__ListTablesReply *reply = call->reply->list_tables;
    cardinal_status status = CARDINAL_OK;
    for (size_t i = 0; i < reply->n_tables && listing->more && status == CARDINAL_OK; i++)
        status = visit_one(listing, call->arena, reply->tables[i]);
    if (status != CARDINAL_OK || !listing->more)
        return status;
    listing->more = reply->next_page_token.len > 0;
    if (listing->more && reply->n_tables == 0)
        return client_bad_reply(listing->client, "a page with nothing on it before the last");
    listing->token.len = 0;
    if (!bytes_reserve(&listing->token, reply->next_page_token.len))
        return client_nomem(listing->client);
    bytes_append(&listing->token, reply->next_page_token.data, reply->next_page_token.len);
    return CARDINAL_OK;
}

static cardinal_status next_page(struct listing *listing)
{
    Cardinal__V1__ListTables message = CARDINAL__V1__LIST_TABLES__INIT;
    struct call call;
    message.prefix = (char *)listing->prefix;
    message.limit = TABLES_A_PAGE;
    message.page_token = (ProtobufCBinaryData){ listing->token.len, listing->token.data };
    cardinal_status status =
        client_ask(listing->client, CARDINAL__V1__REQUEST__BODY_LIST_TABLES, &message.base, &call);
    if (status != CARDINAL_OK)
        return status;
    status = take_page(listing, &call);
    call_release(&call);
    return status;
}

cardinal_status cardinal_table_list(cardinal_client *client, const char *prefix,
                                    cardinal_table_visit *visit, void *arg)
{
    struct listing listing = {
        .client = client,
        .prefix = prefix != NULL ? prefix : "",
        .visit = visit,
        .arg = arg,
        .more = true,
    };
    cardinal_status status = CARDINAL_OK;
    while (listing.more && status == CARDINAL_OK)
        status = next_page(&listing);
    bytes_release(&listing.token);
    return status;
}
