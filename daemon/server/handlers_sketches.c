/* Requests that compare, merge and carry whole sketches. */
#include <stdlib.h>
#include <string.h>

#include "daemon/server/call.h"
#include "daemon/server/context.h"
#include "daemon/server/durable.h"
#include "daemon/server/paging.h"
#include "daemon/sketch/codec.h"
#include "daemon/table/catalog.h"
#include "daemon/wire/decode_sketches.h"

#define EXPORT_SKETCHES_DEFAULT 10000u /* a page, where the client has no wish */
#define EXPORT_BYTES_DEFAULT ((uint32_t)1 << 20)

static bool is_given_up(enum status status)
{
    return status == ST_CANCELLED || status == ST_DEADLINE_EXCEEDED;
}

/* ---- compare ----------------------------------------------------------------- */

static struct reply_quantity quantity(struct measured from)
{
    return (struct reply_quantity){ from.value, from.error };
}

static enum status answer_compare(struct call *call, const struct overlap *overlap, uint64_t keys_a,
                                  uint64_t keys_b, struct error *err)
{
    const struct compare_reply reply = {
        .keys_a = keys_a,
        .keys_b = keys_b,
        .a = quantity(overlap->a),
        .b = quantity(overlap->b),
        .both = quantity(overlap->all),
        .common = quantity(overlap->shared),
        .jaccard = quantity(overlap->jaccard),
        .only_a = quantity(overlap->only_a),
        .only_b = quantity(overlap->only_b),
        .below_noise = overlap->is_below_noise,
        .tokens = overlap->of_tokens,
    };

    return reply_compare(&call->to, &reply, err);
}

enum status handle_compare(struct call *call, struct error *err)
{
    struct compare_request request;
    struct column_set columns;
    struct overlap overlap;
    struct table *table = NULL;
    uint64_t keys_a;
    uint64_t keys_b;

    enum status status =
        decode_compare(call->head.body, &call->context->decode_limits, call->arena, &request, err);
    if (status == ST_OK)
        status = call_find(call, request.table, &request.column, 1, &table, &columns, err);
    if (status != ST_OK)
        return status;
    status = table_compare(table, &request.a, &request.b, &columns, &call->task, &overlap, &keys_a,
                           &keys_b, err);
    table_unref(table);
    if (is_given_up(status))
        return call_given_up("compare", status, err);
    return status == ST_OK ? answer_compare(call, &overlap, keys_a, keys_b, err) : status;
}

/* ---- merge ------------------------------------------------------------------- */

enum status handle_merge(struct call *call, struct error *err)
{
    struct merge_request request;
    struct table *table = NULL;
    uint64_t keys;
    uint64_t changes;

    enum status status =
        decode_merge(call->head.body, &call->context->decode_limits, call->arena, &request, err);
    if (status == ST_OK)
        status = catalog_find(call->context->catalog, request.table, &table, err);
    if (status != ST_OK)
        return status;
    status = durable_check(call->context, table, request.ack, &call->is_durable, err);
    if (status == ST_OK)
        status = table_merge(table, &request.from, request.into, &call->task, &keys, &changes, err);
    table_unref(table);
    if (is_given_up(status))
        return call_given_up("merge", status, err);
    return status == ST_OK ? reply_merge(&call->to, keys, changes, err) : status;
}

/* ---- export ------------------------------------------------------------------ */

static struct sketch_origin origin_of(const struct table *table)
{
    const struct value_hasher *hasher = table_hasher(table);
    return (struct sketch_origin){ table_shape(table), hasher->kind, hasher->seed };
}

static enum status check_format(uint32_t format, struct error *err)
{
    if (format < SKETCH_FORMAT_COUNT)
        return ST_OK;
    return error_set(err, ST_INVALID_ARGUMENT, "unknown sketch format %u", format);
}

/* A page being filled. */
struct export_page {
    struct paging paging;
    struct call *call;
    const struct export_request *request;
    struct table *table;
    struct column_set *columns;
    enum sketch_format format;
    struct sketch_origin origin;
    uint8_t *bytes;     /* of one sketch */
    enum status status; /* of the encoding */
    struct error *err;
};

static bool export_visit(struct bytes_view key, const struct cell *cell, void *arg)
{
    struct export_page *page = arg;
    struct paging *paging = &page->paging;
    size_t len;

    page->status = sketch_encode(page->format, &page->origin, cell, page->bytes, &len, page->err);
    if (page->status != ST_OK)
        return false;
    const struct bytes_view sketch = { page->bytes, len };
    return paging_note(paging, key, reply_export_sketch(&paging->page, key, sketch));
}

static enum status export_walk(void *arg, const struct bytes_view *after, bool *more,
                               struct error *err)
{
    struct export_page *page = arg;
    uint32_t limit = page->request->limit;

    page->err = err;
    enum status status = table_export(page->table, &page->request->selector, after,
                                      limit != 0 ? limit : EXPORT_SKETCHES_DEFAULT, page->columns,
                                      &page->call->task, export_visit, page, more, err);
    return page->status != ST_OK ? page->status : status;
}

static enum status answer_export(struct call *call, const struct export_request *request,
                                 struct table *table, struct column_set *columns, struct error *err)
{
    struct export_page page = { .call = call,
                                .request = request,
                                .table = table,
                                .columns = columns,
                                .format = (enum sketch_format)request->format,
                                .origin = origin_of(table) };
    struct page_scope scope =
        page_scope_of_export(table_id(table), &request->selector, request->column);
    const struct paging_request paging = {
        .what = "export",
        .wide = "one sketch does not fit into max_frame",
        .scope = &scope,
        .token = request->page_token,
        .walk = export_walk,
        .arg = &page,
    };
    uint32_t max_bytes = request->max_bytes != 0 ? request->max_bytes : EXPORT_BYTES_DEFAULT;

    page.bytes = malloc(sketch_encoded_max(page.format, page.origin.shape));
    if (page.bytes == NULL)
        return error_nomem(err);
    enum status status = reply_export_begin(&page.paging.page, &call->to, max_bytes, err);
    if (status == ST_OK)
        status = paging_fill(&page.paging, &paging, err);
    free(page.bytes);
    return status;
}

enum status handle_export(struct call *call, struct error *err)
{
    struct export_request request;
    struct column_set columns;
    struct table *table = NULL;

    enum status status =
        decode_export(call->head.body, &call->context->decode_limits, call->arena, &request, err);
    if (status == ST_OK)
        status = check_format(request.format, err);
    if (status == ST_OK)
        status = call_find(call, request.table, &request.column, 1, &table, &columns, err);
    if (status != ST_OK)
        return status;
    status = answer_export(call, &request, table, &columns, err);
    table_unref(table);
    return status;
}

/* ---- import ------------------------------------------------------------------ */

/* Puts the key in front of what was wrong with its sketch. */
static enum status name_key(struct bytes_view key, enum status status, struct error *err)
{
    char text[ERROR_TEXT_MAX];
    char quoted[64];

    memcpy(text, err->text, sizeof text);
    return error_set(err, status, "sketch of key '%s': %s",
                     error_quote(quoted, sizeof quoted, key.data, key.len), text);
}

/* Reads one sketch, if there is memory for it under the limit. */
static enum status decode_cell(const struct import_request *request, size_t i, struct table *table,
                               struct cell *cell, struct error *err)
{
    struct sketch_origin origin = origin_of(table);
    struct bytes_view bytes = request->sketches[i].sketch;
    size_t claimed;
    enum status status = table_claim_cell(table, &claimed, err);

    if (status != ST_OK)
        return status;
    status = sketch_decode((enum sketch_format)request->format, &origin, bytes.data, bytes.len,
                           request->any_hash, cell, err);
    table_unclaim(claimed);
    return status == ST_OK ? ST_OK : name_key(request->sketches[i].key, status, err);
}

/* Reads every sketch before any is merged; it can be stopped until then. */
static enum status decode_cells(struct call *call, const struct import_request *request,
                                struct table *table, struct cell *cells, struct error *err)
{
    enum status status = ST_OK;

    for (size_t i = 0; i < request->sketch_count && status == ST_OK; i++) {
        enum status stop = call->is_on_loop ? ST_OK : call->task.check(call->task.arg);
        if (stop != ST_OK)
            return call_given_up("import", stop, err);
        status = decode_cell(request, i, table, &cells[i], err);
    }
    return status;
}

/* All of them, or none: what they may need is reserved first. */
static enum status merge_cells(const struct import_request *request, struct table *table,
                               struct column_set *columns, const struct cell *cells,
                               uint64_t *changes, struct error *err)
{
    size_t keys_len = 0;
    size_t reserved;

    for (size_t i = 0; i < request->sketch_count; i++) {
        keys_len += request->sketches[i].key.len;
        if (!table_make_shard(table, request->sketches[i].key))
            return error_nomem(err);
    }
    enum status status =
        table_reserve_cells(table, request->sketch_count, keys_len, &reserved, err);
    if (status != ST_OK)
        return status;
    for (size_t i = 0; i < request->sketch_count && status == ST_OK; i++) {
        bool changed;
        status = table_import(table, request->sketches[i].key, columns, &cells[i], &changed, err);
        *changes += changed;
    }
    table_unreserve_cells(table, reserved);
    return status;
}

static enum status import_cells(struct call *call, const struct import_request *request,
                                struct table *table, struct column_set *columns, struct error *err)
{
    struct cell *cells = calloc(request->sketch_count, sizeof *cells);
    uint64_t changes = 0;

    if (cells == NULL)
        return error_nomem(err);
    enum status status = decode_cells(call, request, table, cells, err);
    if (status == ST_OK)
        status = merge_cells(request, table, columns, cells, &changes, err);
    for (size_t i = 0; i < request->sketch_count; i++)
        cell_release(&cells[i]);
    free(cells);
    return status == ST_OK ? reply_import(&call->to, request->sketch_count, changes, err) : status;
}

enum status handle_import(struct call *call, struct error *err)
{
    struct import_request request;
    struct column_set columns;
    struct table *table = NULL;

    enum status status =
        decode_import(call->head.body, &call->context->decode_limits, call->arena, &request, err);
    if (status == ST_OK)
        status = check_format(request.format, err);
    if (status == ST_OK)
        status = call_find(call, request.table, &request.column, 1, &table, &columns, err);
    if (status != ST_OK)
        return status;
    status = durable_check(call->context, table, request.ack, &call->is_durable, err);
    if (status == ST_OK)
        status = import_cells(call, &request, table, &columns, err);
    table_unref(table);
    return status;
}
