/* Requests about tables themselves. */
#include <string.h>

#include "daemon/server/burial.h"
#include "daemon/server/call.h"
#include "daemon/server/context.h"
#include "daemon/server/durable.h"
#include "daemon/server/table_view.h"
#include "daemon/table/catalog.h"
#include "daemon/wire/decode.h"
#include "daemon/wire/page_token.h"

#define LIST_PAGE_MAX 256u /* tables a page at most */

enum status handle_create_table(struct call *call, struct error *err)
{
    struct create_table_request request;
    struct table_view view;
    struct table *table = NULL;
    bool created;

    enum status status = decode_create_table(call->head.body, call->arena, &request, err);
    if (status == ST_OK)
        status = durable_check_always(call->context, request.ack, &call->is_durable, err);
    if (status != ST_OK)
        return status;
    const struct table_spec spec = {
        .name = request.name,
        .columns = request.columns,
        .column_count = request.column_count,
        .precision = request.precision,
        .hash = request.hash,
        .seed = request.seed,
        .ack = request.ack,
        .no_rollup = request.no_rollup,
        .bury = burial_bury,
    };
    status =
        catalog_create(call->context->catalog, &spec, request.if_not_exists, &table, &created, err);
    if (status != ST_OK)
        return status;
    table_view_fill(&view, table);
    table_unref(table);
    return reply_create_table(&call->to, created, &view.reply, err);
}

enum status handle_alter_table(struct call *call, struct error *err)
{
    struct alter_table_request request;
    struct table_view view;
    struct table *table = NULL;

    enum status status = decode_alter_table(call->head.body, call->arena, &request, err);
    if (status == ST_OK)
        status = durable_check_always(call->context, ACK_DEFAULT, &call->is_durable, err);
    if (status != ST_OK)
        return status;
    const struct table_change change = {
        .add = request.add,
        .add_count = request.add_count,
        .drop = request.drop,
        .drop_count = request.drop_count,
        .rename_to = request.rename_to,
    };
    status = catalog_alter(call->context->catalog, request.table, &change, &table, err);
    if (status != ST_OK)
        return status;
    table_view_fill(&view, table);
    table_unref(table);
    return reply_alter_table(&call->to, &view.reply, err);
}

enum status handle_drop_table(struct call *call, struct error *err)
{
    struct drop_table_request request;

    enum status status = decode_drop_table(call->head.body, call->arena, &request, err);
    if (status == ST_OK)
        status = durable_check_always(call->context, ACK_DEFAULT, &call->is_durable, err);
    if (status != ST_OK)
        return status;
    status = catalog_drop(call->context->catalog, request.table, err);
    if (status != ST_OK && !(status == ST_NOT_FOUND && request.if_exists))
        return status;
    return reply_drop_table(&call->to, status == ST_OK, err);
}

/* Puts tables into the page until it is full. *put is how many, last the name
 * of the last one. */
static enum status fill_list(struct reply_page *page, struct table **tables, size_t count,
                             size_t *put, char last[NAME_MAX_BYTES + 1], struct error *err)
{
    struct table_view view;

    for (*put = 0; *put < count; ++*put) {
        table_view_fill(&view, tables[*put]);
        switch (reply_list_tables_table(page, &view.reply)) {
        case PAGE_ADDED:
            memcpy(last, view.info.name, sizeof view.info.name);
            break;
        case PAGE_FULL:
            return ST_OK;
        case PAGE_TOO_WIDE:
            return error_set(err, ST_TOO_LARGE, "table '%s' does not fit into max_frame",
                             view.info.name);
        case PAGE_NOMEM:
            return error_nomem(err);
        }
    }
    return ST_OK;
}

static enum status answer_list(struct call *call, const struct list_tables_request *request,
                               struct table **tables, size_t found, size_t wanted,
                               struct error *err)
{
    struct page_scope scope = page_scope_of_tables(request->prefix);
    uint8_t token[PAGE_TOKEN_MAX];
    struct bytes_view next = { token, 0 };
    char last[NAME_MAX_BYTES + 1];
    struct reply_page page;
    size_t put;

    enum status status = reply_list_tables_begin(&page, &call->to, err);
    if (status != ST_OK)
        return status;
    status = fill_list(&page, tables, found < wanted ? found : wanted, &put, last, err);
    if (status != ST_OK) {
        reply_page_abandon(&page);
        return status;
    }
    if (put > 0 && put < found) {
        const struct bytes_view after = { (const uint8_t *)last, strlen(last) };
        next.len = page_token_encode(&scope, after, token);
    }
    reply_page_end(&page, next);
    return ST_OK;
}

enum status handle_list_tables(struct call *call, struct error *err)
{
    struct list_tables_request request;
    struct table *tables[LIST_PAGE_MAX + 1];
    struct bytes_view after;

    enum status status = decode_list_tables(call->head.body, call->arena, &request, err);
    if (status != ST_OK)
        return status;
    if (request.page_token.len > 0) {
        struct page_scope scope = page_scope_of_tables(request.prefix);
        status = page_token_decode(&scope, request.page_token, &after, err);
        if (status != ST_OK)
            return status;
    }
    size_t wanted =
        request.limit == 0 || request.limit > LIST_PAGE_MAX ? LIST_PAGE_MAX : request.limit;
    if (call->is_on_loop && wanted > CALL_LOOP_TABLES_MAX &&
        catalog_count(call->context->catalog) > CALL_LOOP_TABLES_MAX) {
        call->is_deferred = true;
        return ST_OK;
    }
    size_t found = catalog_list(call->context->catalog, request.prefix,
                                request.page_token.len > 0 ? &after : NULL, wanted + 1, tables);
    status = answer_list(call, &request, tables, found, wanted, err);
    for (size_t i = 0; i < found; i++)
        table_unref(tables[i]);
    return status;
}

enum status handle_describe_table(struct call *call, struct error *err)
{
    struct describe_table_request request;
    struct table_view view;
    struct table *table = NULL;
    uint64_t digest = 0;

    enum status status = decode_describe_table(call->head.body, call->arena, &request, err);
    if (status != ST_OK)
        return status;
    if (request.digest && call->is_on_loop) {
        call->is_deferred = true;
        return ST_OK;
    }
    status = catalog_find(call->context->catalog, request.table, &table, err);
    if (status != ST_OK)
        return status;
    if (request.digest)
        status = table_digest(table, &call->task, &digest);
    if (status != ST_OK)
        error_set(err, status, "digest given up: %s", status_text((int)status));
    else
        table_view_fill(&view, table);
    table_unref(table);
    return status == ST_OK ? reply_describe_table(&call->to, &view.reply, digest, err) : status;
}
