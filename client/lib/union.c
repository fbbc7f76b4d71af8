/* Distinct values over many keys together. */
#include "client/lib/estimates.h"
#include "client/lib/pending.h"
#include "client/lib/selector.h"

struct union_result {
    cardinal_union_result public; /* first: the caller's pointer is to it */
    struct arena *arena;          /* holds this too */
};

void cardinal_union_free(cardinal_union_result *result)
{
    if (result != NULL)
        arena_free(((struct union_result *)result)->arena);
}

static enum estimates_result union_take(struct arena *arena, const struct cardinal_pending *pending,
                                        const Cardinal__V1__UnionReply *reply,
                                        cardinal_union_result **out)
{
    struct union_result *made = arena_array(arena, 1, sizeof *made);
    struct estimates_columns columns;
    if (made == NULL)
        return ESTIMATES_NOMEM;
    enum estimates_result result = estimates_columns(
        arena, reply->columns, reply->n_columns, pending->columns, pending->column_count, &columns);
    if (result != ESTIMATES_OK)
        return result;
    result = estimates_convert(arena, columns.count, reply->estimates, reply->n_estimates,
                               reply->rse, reply->n_rse, &made->public.estimates);
    if (result != ESTIMATES_OK)
        return result;
    made->arena = arena;
    made->public.keys = reply->keys;
    made->public.columns = columns.names;
    made->public.column_count = columns.count;
    *out = &made->public;
    return ESTIMATES_OK;
}

cardinal_status cardinal_union_start(cardinal_client *client, const char *table,
                                     const cardinal_selector *selector, const char *const *columns,
                                     size_t column_count, cardinal_pending **out)
{
    Cardinal__V1__Union message = CARDINAL__V1__UNION__INIT;
    struct selector_message selected;
    struct cardinal_pending *pending = pending_new(client, columns, column_count);
    if (pending == NULL)
        return CARDINAL_ERR_MEMORY;
    cardinal_status status = selector_fill(&selected, selector, &client->fault);
    if (status != CARDINAL_OK)
        goto err_after_pending;
    message.table = (char *)table;
    message.columns = (char **)columns;
    message.n_columns = column_count;
    message.selector = &selected.selector;
    status = pending_send(pending, CARDINAL__V1__REQUEST__BODY_UNION, &message.base);
    selector_release(&selected);
    if (status != CARDINAL_OK)
        goto err_after_pending;
    *out = pending;
    return CARDINAL_OK;
err_after_pending:
    cardinal_pending_drop(pending);
    return status;
}

cardinal_status cardinal_union_wait(cardinal_pending *pending, cardinal_union_result **out)
{
    struct cardinal_client *client = pending->client;
    cardinal_status status = pending_wait(pending, CARDINAL__V1__REQUEST__BODY_UNION);
    if (status != CARDINAL_OK)
        return status;
    status = estimates_status(
        client, union_take(pending->arena, pending, pending->call.reply->union_, out));
    if (status == CARDINAL_OK)
        pending->arena = NULL;
    cardinal_pending_drop(pending);
    return status;
}

cardinal_status cardinal_union(cardinal_client *client, const char *table,
                               const cardinal_selector *selector, const char *const *columns,
                               size_t column_count, cardinal_union_result **out)
{
    cardinal_pending *pending;
    cardinal_status status =
        cardinal_union_start(client, table, selector, columns, column_count, &pending);
    return status == CARDINAL_OK ? cardinal_union_wait(pending, out) : status;
}
