/* paging: pages of an answer that takes many, of scans and of exports.
 *
 * A page goes on behind the last key of the one before it, which its token
 * names; nothing is kept between them. A walk over the table hands keys over
 * until the page is full. Thread safety: none for one page. */
#ifndef CARDINAL_SERVER_PAGING_H
#define CARDINAL_SERVER_PAGING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/wire/page_token.h"
#include "daemon/wire/reply.h"
#include "proto/names.h"

/* A page being filled; zeroed, and its reply begun, before anything else. */
struct paging {
    struct reply_page page;
    enum page_result result; /* of the last key */
    uint8_t last[KEY_MAX_BYTES];
    size_t last_len;
};

/* Notes what became of a key; false: the walk is to end before it. */
bool paging_note(struct paging *paging, struct bytes_view key, enum page_result result);

/* Goes over the keys after `after` (NULL: from the first); *more: there are some
 * behind the last one. */
typedef enum status paging_walk(void *arg, const struct bytes_view *after, bool *more,
                                struct error *err);

/* What is asked for. */
struct paging_request {
    const char *what; /* "scan" */
    const char *wide; /* what to say of an item that fits into no page */
    const struct page_scope *scope;
    struct bytes_view token; /* empty: the first page */
    paging_walk *walk;
    void *arg;
};

/* Fills the page and completes its frame, or takes it back and says why not. */
enum status paging_fill(struct paging *paging, const struct paging_request *request,
                        struct error *err);

#endif
