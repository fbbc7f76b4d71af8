/* order: which request of a connection may begin while others are in work.
 *
 * Reads run beside reads. A write begins when nothing else is in work, and
 * while it is, nothing else begins. Plain data of one session. */
#ifndef CARDINAL_SERVER_ORDER_H
#define CARDINAL_SERVER_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/wire/request.h"

struct order {
    uint64_t in_work; /* requests begun and not ended */
    uint64_t held;    /* requests that are done, their answers held back (held.h) */
    uint64_t large;   /* among them, of those whose answers may be as large as a frame */
    bool is_writing;  /* the one in work is a write */
};

enum order_answer {
    ORDER_GO,
    ORDER_WAIT, /* for what is in work */
    ORDER_FULL, /* as many are in work as may be */
};

/* Answers that may be as large as a frame and are made at one time, so that a
 * peer which does not read them holds little memory. */
#define ORDER_LARGE_MAX 2u

/* May a request of this kind (REQUEST_UNKNOWN too) begin? */
enum order_answer order_ask(const struct order *order, enum request_kind kind,
                            uint64_t max_in_flight);

/* It began, and goes on beyond its turn. */
void order_begin(struct order *order, enum request_kind kind);
void order_end(struct order *order, enum request_kind kind);

#endif
