#include "daemon/server/table_view.h"

void table_view_fill(struct table_view *view, struct table *table)
{
    struct table_info *info = &view->info;

    table_describe(table, info);
    for (uint32_t i = 0; i < info->column_count; i++) {
        view->columns[i].name = info->columns[i].name;
        view->columns[i].id = info->columns[i].id;
    }
    view->reply = (struct table_reply){
        .id = info->id,
        .name = info->name,
        .columns = view->columns,
        .column_count = info->column_count,
        .precision = info->precision,
        .hash = info->hash,
        .seed = info->seed,
        .keys = info->keys,
        .cells = info->cells,
        .bytes = info->bytes,
    };
}

void column_names_fill(struct column_names *names, struct table *table,
                       const struct column_set *columns)
{
    table_column_names(table, columns, names->text);
    for (uint32_t i = 0; i < columns->count; i++)
        names->pointers[i] = names->text[i];
    names->reply = (struct reply_columns){ .names = names->pointers, .count = columns->count };
}
