/* page_token: where the next page of a Scan or ListTables begins, as opaque
 * bytes that travel to the client and back.
 *
 *      0         1        9           17          17+n       25+n
 *     +---------+--------+-----------+-----------+----------+
 *     | version | table  | finger-   | last key  | check    |
 *     | + kind  | id     | print     | or name   | (XXH3)   |
 *     +---------+--------+-----------+-----------+----------+
 *
 * All numbers are little-endian. The check, over what is before it, tells a
 * token of ours from anything else by accident; it is no secret, and a token
 * that a client made itself only makes it read from another key on.
 *
 * Thread safety: nothing here has state of its own. */
#ifndef CARDINAL_WIRE_PAGE_TOKEN_H
#define CARDINAL_WIRE_PAGE_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/table/selector.h"
#include "proto/names.h"
#include "proto/status.h"

#define PAGE_TOKEN_MIN 25u
#define PAGE_TOKEN_MAX (PAGE_TOKEN_MIN + KEY_MAX_BYTES)

enum page_kind {
    PAGE_OF_KEYS,     /* of a Scan */
    PAGE_OF_TABLES,   /* of ListTables */
    PAGE_OF_SKETCHES, /* of an Export */
};

/* What a token belongs to: it is good for no other request. */
struct page_scope {
    enum page_kind kind;
    uint64_t table_id;    /* 0 for ListTables */
    uint64_t fingerprint; /* of what selects */
};

/* The scope of a scan of a table by a selector (not a list), or of a listing of
 * tables whose names begin with prefix. */
struct page_scope page_scope_of_scan(uint64_t table_id, const struct selector *selector);
struct page_scope page_scope_of_tables(struct bytes_view prefix);

/* The scope of an export of a column, by any selector. */
struct page_scope page_scope_of_export(uint64_t table_id, const struct selector *selector,
                                       struct bytes_view column);

/* Writes the token of the page after `last` (at most KEY_MAX_BYTES); returns its
 * length. */
size_t page_token_encode(const struct page_scope *scope, struct bytes_view last,
                         uint8_t out[PAGE_TOKEN_MAX]);

/* The key or name after which the page begins; it lies in the token.
 * ST_INVALID_ARGUMENT, "malformed page token", for bytes that are no token or
 * one of another request. */
enum status page_token_decode(const struct page_scope *scope, struct bytes_view token,
                              struct bytes_view *last, struct error *err);

#endif
