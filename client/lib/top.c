/* The keys with the most values. */
#include "client/lib/client.h"
#include "client/lib/counts.h"
#include "client/lib/estimates.h"
#include "client/lib/selector.h"

/* Takes the rows of an answer, which must come in order. */
static enum estimates_result take_rows(struct counts *counts, const Cardinal__V1__TopReply *reply)
{
    enum estimates_result result = ESTIMATES_OK;
    for (size_t i = 0; i < reply->n_keys && result == ESTIMATES_OK; i++) {
        const Cardinal__V1__KeyEstimates *from = reply->keys[i];
        const cardinal_row *row = &counts->rows[i];
        const cardinal_key key = { from->key.data, from->key.len };
        result = estimates_row(counts->arena, 1, key, from, &counts->rows[i]);
        if (result == ESTIMATES_OK && i > 0 && row[-1].estimates[0].value < row->estimates[0].value)
            result = ESTIMATES_BAD;
    }
    return result;
}

static enum estimates_result take(const char *const *asked, unsigned limit,
                                  const Cardinal__V1__TopReply *reply, cardinal_counts **out)
{
    enum estimates_result result = ESTIMATES_NOMEM;
    struct estimates_columns columns;
    if (reply->n_keys > limit)
        return ESTIMATES_BAD;
    struct arena *arena = arena_new(SIZE_MAX);
    struct counts *counts = arena == NULL ? NULL : counts_new(arena, reply->n_keys);
    if (counts != NULL)
        result = estimates_columns(arena, reply->columns, reply->n_columns, asked, 1, &columns);
    if (result == ESTIMATES_OK)
        result = take_rows(counts, reply);
    if (result != ESTIMATES_OK) {
        arena_free(arena);
        return result;
    }
    counts->public.columns = columns.names;
    counts->public.column_count = columns.count;
    *out = &counts->public;
    return ESTIMATES_OK;
}

cardinal_status cardinal_top(cardinal_client *client, const char *table, const char *column,
                             const cardinal_selector *selector, unsigned limit,
                             cardinal_counts **out)
{
    Cardinal__V1__Top message = CARDINAL__V1__TOP__INIT;
    struct selector_message selected;
    struct call call;
    cardinal_status status = selector_fill(&selected, selector, &client->fault);
    if (status != CARDINAL_OK)
        return status;
    message.table = (char *)table;
    message.column = (char *)column;
    message.selector = &selected.selector;
    message.limit = limit;
    status = client_ask(client, CARDINAL__V1__REQUEST__BODY_TOP, &message.base, &call);
    if (status == CARDINAL_OK) {
        status = estimates_status(client, take(&column, limit, call.reply->top, out));
        call_release(&call);
    }
    selector_release(&selected);
    return status;
}
