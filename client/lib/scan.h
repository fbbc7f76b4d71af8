/* scan: what cardinal_scan is made of. */
#ifndef CARDINAL_CLIENT_SCAN_H
#define CARDINAL_CLIENT_SCAN_H

#include "client/lib/client.h"
#include "client/lib/estimates.h"
#include "client/lib/selector.h"

struct cardinal_scan {
    struct cardinal_client *client;
    struct arena *arena; /* what lives as long as the scan: this, and what was asked */
    Cardinal__V1__Scan message;
    struct selector_message selector;
    const char *const *asked;
    size_t asked_count;
    uint64_t left; /* keys still wanted; UINT64_MAX: all */

    struct call next; /* the page on its way */
    bool expected;    /* is there one? */
    struct bytes token;

    struct arena *page; /* holds rows and columns */
    struct estimates_columns columns;
    cardinal_row *rows;
    size_t row_count;
    size_t row_at;
    struct bytes last_key; /* keys must ascend */
    bool begun;
    cardinal_status ended; /* what the first failure was; later calls say so again */
};

/* Waits for the page on its way, which is expected, puts it in place of the one
 * before, and asks for the one after it. */
cardinal_status scan_turn_page(struct cardinal_scan *scan);

#endif
