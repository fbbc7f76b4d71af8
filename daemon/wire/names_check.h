/* names_check: what every request that carries names, keys or acks checks alike.
 *
 * Each returns ST_INVALID_ARGUMENT with a text that says `what` was wrong and
 * quotes it. Thread safety: nothing here has state of its own. */
#ifndef CARDINAL_WIRE_NAMES_CHECK_H
#define CARDINAL_WIRE_NAMES_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/table/selector.h"
#include "daemon/wire/decode.h"
#include "proto/status.h"

/* what: "table name", "column name". */
enum status check_name(struct bytes_view name, const char *what, struct error *err);

/* Is no name there twice? n <= COLUMNS_MAX. */
enum status check_distinct(const struct bytes_view *names, size_t n, const char *what,
                           struct error *err);

/* what: "key", "prefix". */
enum status check_key(struct bytes_view key, const char *what, struct error *err);

enum status check_ack(uint32_t number, enum ack *out, struct error *err);

#endif
