/* listener: a bound socket that accepts connections.
 *
 * When descriptors or memory run out it stops accepting for
 * LISTENER_PAUSE_MS and tries again; who connects meanwhile waits in the
 * kernel's queue.
 *
 * A socket file that is there already is removed only if nobody answers on it;
 * a new one is made under umask 077, and removed by listener_close().
 *
 * States: bound by listener_bind(), accepting from listener_start() on, closing
 * from listener_close(), closed when both handles' close callbacks ran; its
 * memory is its owner's, who runs the loop until then.
 *
 * Thread safety: none; it belongs to the loop it was started on. */
#ifndef CARDINAL_SERVER_LISTENER_H
#define CARDINAL_SERVER_LISTENER_H

#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

#include "daemon/server/address.h"
#include "proto/status.h"

#define LISTENER_PAUSE_MS 100u

struct listener {
    uv_poll_t poll;
    uv_timer_t pause;
    int fd;
    struct address address; /* as bound: the port is the real one */
    dev_t device;           /* of the socket file that was made */
    ino_t inode;
    void (*on_connection)(struct listener *listener, int fd); /* owns fd */
    void (*on_pause)(struct listener *listener, int error);
    void *owner; /* whom these two are for */
};

/* Binds and listens; ST_UNAVAILABLE says what is in the way. */
enum status listener_bind(struct listener *listener, const struct address *address,
                          struct error *err);

/* Begins to accept. */
enum status listener_start(struct listener *listener, uv_loop_t *loop, struct error *err);

/* Stops accepting, for good. */
void listener_close(struct listener *listener);

/* Undoes listener_bind() where it was never started. */
void listener_unbind(struct listener *listener);

#endif
