/* table_view: a table's description, in the form that replies take. */
#ifndef CARDINAL_SERVER_TABLE_VIEW_H
#define CARDINAL_SERVER_TABLE_VIEW_H

#include "daemon/table/table.h"
#include "daemon/wire/reply.h"

/* `reply` points into the rest. */
struct table_view {
    struct table_info info;
    struct table_reply_column columns[COLUMNS_MAX];
    struct table_reply reply;
};

void table_view_fill(struct table_view *view, struct table *table);

/* The names of the columns of an answer; `reply` points into the rest. */
struct column_names {
    char text[COLUMNS_MAX][NAME_MAX_BYTES + 1];
    const char *pointers[COLUMNS_MAX];
    struct reply_columns reply;
};

void column_names_fill(struct column_names *names, struct table *table,
                       const struct column_set *columns);

#endif
