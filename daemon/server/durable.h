/* durable: acknowledgements of writes that outlive the process. There is
 * nothing yet to keep them in, so they are refused. */
#ifndef CARDINAL_SERVER_DURABLE_H
#define CARDINAL_SERVER_DURABLE_H

#include "daemon/wire/decode.h"
#include "proto/status.h"

static inline enum status durable_check_ack(enum ack ack, struct error *err)
{
    if (ack != ACK_DURABLE)
        return ST_OK;
    return error_set(err, ST_FAILED_PRECONDITION, "durable acknowledgements need a data directory");
}

#endif
