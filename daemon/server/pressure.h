/* pressure: batches that wait until the journal has room for what they change.
 *
 * The journal's buffers are bounded, and nothing waits for them under a lock: a
 * batch looks before each step, and takes no further one while they are full.
 *
 * Thread safety: none; waiting sessions belong to their loop. */
#ifndef CARDINAL_SERVER_PRESSURE_H
#define CARDINAL_SERVER_PRESSURE_H

#include <stdbool.h>

struct loop;
struct session;

/* Must the session's batch wait? Then its connection is woken when it need not. */
bool pressure_waits(struct session *session);

/* Wakes those who wait, if there is room again. */
void pressure_release(struct loop *loop);

#endif
