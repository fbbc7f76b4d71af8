/* session: the cardinal protocol of one connection: frames, the hello, and the
 * order in which requests take effect.
 *
 * The inbuf is the queue. A request is taken from its front when it may begin:
 * at any time if it only reads and no write is in work, and otherwise when all
 * before it are done. So a request that must wait makes those behind it wait,
 * and no more is read meanwhile. Short requests are answered at once, a batch
 * over as many turns as it takes, long requests by a job.
 *
 * Thread safety: none; a session belongs to the loop of its connection. */
#ifndef CARDINAL_SERVER_SESSION_H
#define CARDINAL_SERVER_SESSION_H

#include "daemon/server/protocol.h"

#define PROTOCOL_VERSION 1u

extern const struct protocol cardinal_protocol;

#endif
