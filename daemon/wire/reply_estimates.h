/* reply_estimates: what replies that hold estimates have in common. */
#ifndef CARDINAL_WIRE_REPLY_ESTIMATES_H
#define CARDINAL_WIRE_REPLY_ESTIMATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/wire/reply.h"
#include "daemon/wire/writer.h"

/* Fields that CardinalityReply and ScanReply share. */
enum { REPLY_COLUMNS = 1, REPLY_KEYS = 2 };

void columns_write(struct writer *w, uint32_t field, const struct reply_columns *columns);

/* A KeyEstimates in field REPLY_KEYS, tag and length included. */
size_t key_estimates_size(struct bytes_view key, bool found, size_t columns);
void key_estimates_write(struct writer *w, struct bytes_view key, bool found,
                         const struct estimate *estimates, size_t columns);

#endif
