/* selector: which keys of a table a request means.
 *
 * A view: the key bytes lie in memory of whoever made the selector and must
 * stay there while it is used. */
#ifndef CARDINAL_TABLE_SELECTOR_H
#define CARDINAL_TABLE_SELECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A string of bytes that somebody else owns. */
struct bytes_view {
    const uint8_t *data;
    size_t len;
};

enum selector_kind {
    SELECTOR_LIST,
    SELECTOR_PREFIX,
    SELECTOR_RANGE,
    SELECTOR_ALL,
};

struct selector {
    enum selector_kind kind;
    const struct bytes_view *list; /* LIST: in any order, repeats allowed */
    size_t list_count;
    struct bytes_view prefix; /* PREFIX */
    struct bytes_view from;   /* RANGE: the first key meant; empty: from the first */
    struct bytes_view to;     /* RANGE: the first key no longer meant; empty: to the last */
};

/* Bytewise: negative, 0 or positive as a comes before, is or comes after b; a
 * key comes after its own prefixes. */
int key_compare(struct bytes_view a, struct bytes_view b);

/* Does a prefix, range or all selector mean this key? (Not for lists.) */
bool selector_matches(const struct selector *selector, struct bytes_view key);

#endif
