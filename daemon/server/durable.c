#include "daemon/server/durable.h"

#include "daemon/server/context.h"
#include "daemon/store/store.h"
#include "daemon/table/table.h"

static enum status check_store(const struct server_context *context, bool *is_durable,
                               struct error *err)
{
    if (context->store == NULL)
        return error_set(err, ST_FAILED_PRECONDITION,
                         "durable acknowledgements need a data directory");
    if (!store_takes_durable(context->store))
        return error_set(err, ST_UNAVAILABLE,
                         "the journal cannot be written: nothing is durable until a snapshot is "
                         "whole");
    *is_durable = true;
    return ST_OK;
}

enum status durable_check(const struct server_context *context, const struct table *table,
                          enum ack ack, bool *is_durable, struct error *err)
{
    if (ack == ACK_DEFAULT)
        ack = table_ack(table);
    if (ack == ACK_DEFAULT)
        ack = context->default_ack;
    *is_durable = false;
    return ack == ACK_DURABLE ? check_store(context, is_durable, err) : ST_OK;
}

enum status durable_check_always(const struct server_context *context, enum ack ack,
                                 bool *is_durable, struct error *err)
{
    *is_durable = false;
    if (context->store == NULL && ack != ACK_DURABLE)
        return ST_OK;
    return check_store(context, is_durable, err);
}
