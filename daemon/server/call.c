#include "daemon/server/call.h"

#include <assert.h>

#include "daemon/server/context.h"
#include "daemon/table/catalog.h"

#define LOOP_BODY_MAX ((size_t)64 << 10) /* bytes of a request that a loop decodes */

static call_handler *const handlers[REQUEST_KIND_COUNT] = {
    [REQUEST_PING] = handle_ping,
    [REQUEST_CREATE_TABLE] = handle_create_table,
    [REQUEST_ALTER_TABLE] = handle_alter_table,
    [REQUEST_DROP_TABLE] = handle_drop_table,
    [REQUEST_LIST_TABLES] = handle_list_tables,
    [REQUEST_DESCRIBE_TABLE] = handle_describe_table,
    [REQUEST_CARDINALITY] = handle_cardinality,
    [REQUEST_UNION] = handle_union,
    [REQUEST_SCAN] = handle_scan,
    [REQUEST_DELETE] = handle_delete,
    [REQUEST_STATS] = handle_stats,
    [REQUEST_COMPARE] = handle_compare,
    [REQUEST_MERGE] = handle_merge,
    [REQUEST_EXPORT] = handle_export,
    [REQUEST_IMPORT] = handle_import,
    [REQUEST_TOP] = handle_top,
    [REQUEST_CHECKPOINT] = handle_checkpoint,
    [REQUEST_BACKUP] = handle_backup,
};

bool call_is_long(const struct request_head *head)
{
    if (head->body.len > LOOP_BODY_MAX)
        return true;
    /* Without a digest a description is short: its handler knows. */
    return head->kind != REQUEST_DESCRIBE_TABLE &&
           (request_kind_info(head->kind)->flags & REQUEST_LONG) != 0;
}

bool call_answer_error(struct outbuf *out, uint64_t id, const struct error *err)
{
    if (outbuf_reserve(out, REPLY_ERROR_MAX) != ST_OK)
        return false;
    out->len += reply_error(out->data + out->len, id, err);
    return true;
}

enum status call_handle(struct call *call, struct error *err)
{
    assert(handlers[call->head.kind] != NULL);
    return handlers[call->head.kind](call, err);
}

enum status call_find(struct call *call, struct bytes_view name,
                      const struct bytes_view *column_names, size_t column_count,
                      struct table **table, struct column_set *columns, struct error *err)
{
    enum status status = catalog_find(call->context->catalog, name, table, err);

    if (status != ST_OK)
        return status;
    status = table_find_columns(*table, column_names, column_count, columns, err);
    if (status != ST_OK) {
        table_unref(*table);
        *table = NULL;
    }
    return status;
}

enum status call_given_up(const char *what, enum status why, struct error *err)
{
    return error_set(err, why, "%s given up: %s", what, status_text((int)why));
}
