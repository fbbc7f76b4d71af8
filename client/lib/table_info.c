#include "client/lib/table_info.h"

struct table {
    cardinal_table public; /* first: the caller's pointer is to it */
    struct arena *arena;   /* holds this too, and the reply */
};

void cardinal_table_free(cardinal_table *table)
{
    if (table != NULL)
        arena_free(((struct table *)table)->arena);
}

cardinal_status table_info_fill(struct cardinal_client *client, struct arena *arena,
                                const Cardinal__V1__TableInfo *info, cardinal_table *out)
{
    if (info == NULL || info->n_columns > CARDINAL_COLUMNS_MAX)
        return client_bad_reply(client, "a table without its description");
    const char **names = arena_array(arena, info->n_columns, sizeof *names);
    if (names == NULL)
        return client_nomem(client);
    for (size_t i = 0; i < info->n_columns; i++)
        names[i] = info->columns[i]->name;
    *out = (cardinal_table){
        .id = info->table_id,
        .name = info->name,
        .columns = names,
        .column_count = info->n_columns,
        .precision = info->precision,
        .hash = (cardinal_hash)info->hash,
        .seed = info->seed,
        .keys = info->keys,
        .cells = info->cells,
        .bytes = info->bytes,
    };
    return CARDINAL_OK;
}

cardinal_status table_info_take(struct cardinal_client *client, struct call *call,
                                const Cardinal__V1__TableInfo *info, cardinal_table **out)
{
    struct table *table = arena_array(call->arena, 1, sizeof *table);
    if (table == NULL)
        return client_nomem(client);
    cardinal_status status = table_info_fill(client, call->arena, info, &table->public);
    if (status != CARDINAL_OK)
        return status;
    table->arena = call->arena;
    call->arena = NULL;
    *out = &table->public;
    return CARDINAL_OK;
}
