#include "daemon/server/order.h"

static bool is_write(enum request_kind kind)
{
    return kind < REQUEST_KIND_COUNT && (request_kind_info(kind)->flags & REQUEST_WRITES) != 0;
}

static bool is_large(enum request_kind kind)
{
    switch (kind) {
    case REQUEST_CARDINALITY:
    case REQUEST_EXPORT:
    case REQUEST_LIST_TABLES:
    case REQUEST_SCAN:
    case REQUEST_TOP:
        return true;
    default:
        return false;
    }
}

enum order_answer order_ask(const struct order *order, enum request_kind kind,
                            uint64_t max_in_flight)
{
    if (order->is_writing || (order->in_work > 0 && is_write(kind)))
        return ORDER_WAIT;
    if (order->in_work + order->held >= max_in_flight)
        return ORDER_FULL;
    if (is_large(kind) && order->large >= ORDER_LARGE_MAX)
        return ORDER_WAIT;
    return ORDER_GO;
}

void order_begin(struct order *order, enum request_kind kind)
{
    order->in_work++;
    if (is_large(kind))
        order->large++;
    if (is_write(kind))
        order->is_writing = true;
}

void order_end(struct order *order, enum request_kind kind)
{
    order->in_work--;
    if (is_large(kind))
        order->large--;
    if (is_write(kind))
        order->is_writing = false;
}
