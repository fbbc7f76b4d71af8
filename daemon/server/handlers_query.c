/* Requests about keys. */
#include <inttypes.h>

#include "daemon/server/call.h"
#include "daemon/server/context.h"
#include "daemon/server/durable.h"
#include "daemon/server/paging.h"
#include "daemon/server/table_view.h"
#include "daemon/table/catalog.h"
#include "daemon/wire/decode.h"

#define LOOP_ESTIMATES_MAX 256u  /* keys x columns that a loop reads */
#define SCAN_KEYS_DEFAULT 10000u /* a page, where the client has no wish */
#define SCAN_BYTES_DEFAULT ((uint32_t)1 << 20)

/* ---- cardinality ----------------------------------------------------------- */

/* Estimates of all keys, in stretches between which it can be stopped. */
static enum status estimate_keys(struct call *call, const struct cardinality_request *request,
                                 struct table *table, struct column_set *columns,
                                 struct estimate *estimates, bool *found, struct error *err)
{
    size_t stretch = LOOP_ESTIMATES_MAX / columns->count;
    size_t n;

    for (size_t i = 0; i < request->key_count; i += n) {
        n = request->key_count - i < stretch ? request->key_count - i : stretch;
        enum status stop = call->is_on_loop ? ST_OK : call->task.check(call->task.arg);
        if (stop != ST_OK)
            return call_given_up("cardinality", stop, err);
        table_estimate_many(table, request->keys + i, n, columns, estimates + i * columns->count,
                            found + i);
    }
    return ST_OK;
}

static enum status answer_cardinality(struct call *call, const struct cardinality_request *request,
                                      struct table *table, struct column_set *columns,
                                      struct error *err)
{
    size_t pairs = request->key_count * columns->count;
    struct column_names names;

    column_names_fill(&names, table, columns);
    size_t bytes =
        reply_cardinality_size(call->head.id, &names.reply, request->key_count, request->key_count);
    if (bytes > call->to.max_frame)
        return error_set(err, ST_TOO_LARGE,
                         "the answer could have %zu bytes, at most %zu may be sent: ask for "
                         "fewer keys or columns",
                         bytes, call->to.max_frame);
    if (call->is_on_loop && pairs > LOOP_ESTIMATES_MAX) {
        call->is_deferred = true;
        return ST_OK;
    }
    struct estimate *estimates = arena_alloc_array(call->arena, pairs, sizeof *estimates);
    bool *found = arena_alloc_array(call->arena, request->key_count, sizeof *found);
    if (estimates == NULL || found == NULL)
        return error_nomem(err);
    enum status status = estimate_keys(call, request, table, columns, estimates, found, err);
    if (status != ST_OK)
        return status;
    return reply_cardinality(&call->to, &names.reply, estimates, found, request->key_count, err);
}

enum status handle_cardinality(struct call *call, struct error *err)
{
    struct cardinality_request request;
    struct column_set columns;
    struct table *table = NULL;

    enum status status = decode_cardinality(call->head.body, &call->context->decode_limits,
                                            call->arena, &request, err);
    if (status == ST_OK)
        status = call_find(call, request.table, request.columns, request.column_count, &table,
                           &columns, err);
    if (status != ST_OK)
        return status;
    status = answer_cardinality(call, &request, table, &columns, err);
    table_unref(table);
    return status;
}

/* ---- union ----------------------------------------------------------------- */

enum status handle_union(struct call *call, struct error *err)
{
    struct union_request request;
    struct column_set columns;
    struct column_names names;
    struct estimate estimates[COLUMNS_MAX];
    struct table *table = NULL;
    uint64_t keys;

    enum status status =
        decode_union(call->head.body, &call->context->decode_limits, call->arena, &request, err);
    if (status == ST_OK)
        status = call_find(call, request.table, request.columns, request.column_count, &table,
                           &columns, err);
    if (status != ST_OK)
        return status;
    status = table_union(table, &request.selector, &columns, &call->task, estimates, &keys, err);
    if (status == ST_CANCELLED || status == ST_DEADLINE_EXCEEDED)
        call_given_up("union", status, err);
    column_names_fill(&names, table, &columns);
    table_unref(table);
    return status == ST_OK ? reply_union(&call->to, keys, &names.reply, estimates, err) : status;
}

/* ---- scan ------------------------------------------------------------------ */

/* A page being filled. */
struct scan {
    struct paging paging;
    struct call *call;
    const struct scan_request *request;
    struct table *table;
    struct column_set *columns;
};

static bool visit(struct bytes_view key, const struct estimate *estimates, void *arg)
{
    struct paging *paging = &((struct scan *)arg)->paging;

    return paging_note(paging, key, reply_scan_key(&paging->page, key, estimates));
}

static enum status walk(void *arg, const struct bytes_view *after, bool *more, struct error *err)
{
    struct scan *scan = arg;
    uint32_t limit = scan->request->limit;

    return table_scan(scan->table, &scan->request->selector, after,
                      limit != 0 ? limit : SCAN_KEYS_DEFAULT, scan->columns, &scan->call->task,
                      visit, scan, more, err);
}

static enum status answer_scan(struct call *call, const struct scan_request *request,
                               struct table *table, struct column_set *columns, struct error *err)
{
    struct column_names names;
    struct scan scan = { .call = call, .request = request, .table = table, .columns = columns };
    struct page_scope scope = page_scope_of_scan(table_id(table), &request->selector);
    const struct paging_request paging = {
        .what = "scan",
        .wide = "one key's estimates do not fit into max_frame: ask for fewer columns",
        .scope = &scope,
        .token = request->page_token,
        .walk = walk,
        .arg = &scan,
    };
    uint32_t max_bytes = request->max_bytes != 0 ? request->max_bytes : SCAN_BYTES_DEFAULT;

    column_names_fill(&names, table, columns);
    enum status status =
        reply_scan_begin(&scan.paging.page, &call->to, &names.reply, max_bytes, err);
    return status == ST_OK ? paging_fill(&scan.paging, &paging, err) : status;
}

enum status handle_scan(struct call *call, struct error *err)
{
    struct scan_request request;
    struct column_set columns;
    struct table *table = NULL;

    enum status status =
        decode_scan(call->head.body, &call->context->decode_limits, call->arena, &request, err);
    if (status == ST_OK)
        status = call_find(call, request.table, request.columns, request.column_count, &table,
                           &columns, err);
    if (status != ST_OK)
        return status;
    status = answer_scan(call, &request, table, &columns, err);
    table_unref(table);
    return status;
}

/* ---- delete ---------------------------------------------------------------- */

enum status handle_delete(struct call *call, struct error *err)
{
    struct delete_request request;
    struct table *table = NULL;
    uint64_t deleted = 0;

    enum status status =
        decode_delete(call->head.body, &call->context->decode_limits, call->arena, &request, err);
    if (status == ST_OK)
        status = durable_check_always(call->context, ACK_DEFAULT, &call->is_durable, err);
    if (status == ST_OK)
        status = catalog_find(call->context->catalog, request.table, &table, err);
    if (status != ST_OK)
        return status;
    status = table_delete(table, &request.selector, &call->task, &deleted, err);
    table_unref(table);
    if (status == ST_CANCELLED || status == ST_DEADLINE_EXCEEDED)
        return error_set(err, status, "delete given up after %" PRIu64 " keys: %s", deleted,
                         status_text((int)status));
    return status == ST_OK ? reply_delete(&call->to, deleted, err) : status;
}
