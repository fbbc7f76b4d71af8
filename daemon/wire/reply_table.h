/* reply_table: TableInfo. */
#ifndef CARDINAL_WIRE_REPLY_TABLE_H
#define CARDINAL_WIRE_REPLY_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/wire/reply.h"
#include "daemon/wire/writer.h"

/* About how many bytes it will take: no less, and little more. */
size_t table_reply_size(const struct table_reply *table);

void table_reply_write(struct writer *w, uint32_t field, const struct table_reply *table);

#endif
