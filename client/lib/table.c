/* Making, changing, removing and describing a table. */
#include "client/lib/client.h"
#include "client/lib/options.h"
#include "client/lib/table_info.h"

cardinal_status cardinal_table_create(cardinal_client *client, const cardinal_table_spec *spec,
                                      bool *created, cardinal_table **out)
{
    Cardinal__V1__CreateTable message = CARDINAL__V1__CREATE_TABLE__INIT;
    cardinal_table_spec known = { 0 };
    struct call call;
    if (!options_copy(&known, sizeof known, spec) || known.name == NULL)
        return client_fail(client, CARDINAL_ERR_USAGE,
                           "a table needs a name, and a specification started from "
                           "CARDINAL_TABLE_SPEC_INIT");
    message.name = (char *)known.name;
    message.columns = (char **)known.columns;
    message.n_columns = known.column_count;
    message.precision = known.precision;
    message.hash = (Cardinal__V1__Hash)known.hash;
    message.seed = known.seed;
    message.if_not_exists = known.if_not_exists;
    message.no_rollup = known.no_rollup;
    message.ack = (Cardinal__V1__Ack)known.ack;
    cardinal_status status =
        client_ask(client, CARDINAL__V1__REQUEST__BODY_CREATE_TABLE, &message.base, &call);
    if (status != CARDINAL_OK)
        return status;
    const Cardinal__V1__CreateTableReply *reply = call.reply->create_table;
    bool was_created = reply->created;
    if (out != NULL)
        status = table_info_take(client, &call, reply->table, out);
    if (status == CARDINAL_OK && created != NULL)
        *created = was_created;
    call_release(&call);
    return status;
}

cardinal_status cardinal_table_alter(cardinal_client *client, const char *name,
                                     const char *const *add, size_t add_count,
                                     const char *const *drop, size_t drop_count,
                                     const char *rename_to)
{
    Cardinal__V1__AlterTable message = CARDINAL__V1__ALTER_TABLE__INIT;
    struct call call;
    message.table = (char *)name;
    message.add_columns = (char **)add;
    message.n_add_columns = add_count;
    message.drop_columns = (char **)drop;
    message.n_drop_columns = drop_count;
    if (rename_to != NULL)
        message.rename_to = (char *)rename_to;
    cardinal_status status =
        client_ask(client, CARDINAL__V1__REQUEST__BODY_ALTER_TABLE, &message.base, &call);
    if (status == CARDINAL_OK)
        call_release(&call);
    return status;
}

cardinal_status cardinal_table_drop(cardinal_client *client, const char *name, bool if_exists,
                                    bool *dropped)
{
    Cardinal__V1__DropTable message = CARDINAL__V1__DROP_TABLE__INIT;
    struct call call;
    message.table = (char *)name;
    message.if_exists = if_exists;
    cardinal_status status =
        client_ask(client, CARDINAL__V1__REQUEST__BODY_DROP_TABLE, &message.base, &call);
    if (status != CARDINAL_OK)
        return status;
    if (dropped != NULL)
        *dropped = call.reply->drop_table->dropped;
    call_release(&call);
    return CARDINAL_OK;
}

cardinal_status cardinal_table_describe(cardinal_client *client, const char *name, bool digest,
                                        cardinal_table **out)
{
    Cardinal__V1__DescribeTable message = CARDINAL__V1__DESCRIBE_TABLE__INIT;
    struct call call;
    message.table = (char *)name;
    message.digest = digest;
    cardinal_status status =
        client_ask(client, CARDINAL__V1__REQUEST__BODY_DESCRIBE_TABLE, &message.base, &call);
    if (status != CARDINAL_OK)
        return status;
    const Cardinal__V1__DescribeTableReply *reply = call.reply->describe_table;
    uint64_t sum = reply->digest;
    cardinal_table *table;
    status = table_info_take(client, &call, reply->table, &table);
    if (status == CARDINAL_OK) {
        table->digest = sum;
        *out = table;
    }
    call_release(&call);
    return status;
}
