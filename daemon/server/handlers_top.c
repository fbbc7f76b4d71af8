/* The request for the keys with the most. */
#include "daemon/server/call.h"
#include "daemon/server/context.h"
#include "daemon/server/table_view.h"
#include "daemon/wire/decode_sketches.h"

/* The answer being filled. */
struct top_page {
    struct reply_page page;
    enum page_result result; /* of the last key */
};

static bool visit(struct bytes_view key, const struct estimate *estimate, void *arg)
{
    struct top_page *top = arg;

    top->result = reply_scan_key(&top->page, key, estimate);
    return top->result == PAGE_ADDED;
}

static enum status fill(struct call *call, const struct top_request *request, struct table *table,
                        struct column_set *column, struct top_page *top, struct error *err)
{
    enum status status =
        table_top(table, &request->selector, request->limit, column, &call->task, visit, top, err);

    if (status == ST_CANCELLED || status == ST_DEADLINE_EXCEEDED)
        return call_given_up("top", status, err);
    if (status != ST_OK)
        return status;
    if (top->result == PAGE_NOMEM)
        return error_nomem(err);
    if (top->result != PAGE_ADDED)
        return error_set(err, ST_TOO_LARGE,
                         "so many keys do not fit into max_frame: ask for fewer");
    return ST_OK;
}

static enum status answer(struct call *call, const struct top_request *request, struct table *table,
                          struct column_set *column, struct error *err)
{
    const struct bytes_view no_token = { NULL, 0 };
    struct top_page top = { .result = PAGE_ADDED };
    struct column_names names;

    column_names_fill(&names, table, column);
    enum status status = reply_top_begin(&top.page, &call->to, &names.reply, err);
    if (status != ST_OK)
        return status;
    status = fill(call, request, table, column, &top, err);
    if (status == ST_OK)
        reply_page_end(&top.page, no_token);
    else
        reply_page_abandon(&top.page);
    return status;
}

enum status handle_top(struct call *call, struct error *err)
{
    struct top_request request;
    struct column_set column;
    struct table *table = NULL;

    enum status status =
        decode_top(call->head.body, &call->context->decode_limits, call->arena, &request, err);
    if (status == ST_OK)
        status = call_find(call, request.table, &request.column, 1, &table, &column, err);
    if (status != ST_OK)
        return status;
    status = answer(call, &request, table, &column, err);
    table_unref(table);
    return status;
}
