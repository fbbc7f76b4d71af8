/* keeper: takes snapshots of a catalog, and removes the files that they make
 * superfluous.
 *
 * It takes one when the store wishes for one, on a thread of its own, and again after
 * a pause while it fails; and one whenever it is asked to, on the thread that asks. One
 * is taken at a time, and whoever waits for his turn meanwhile shares the next.
 *
 * Life: keeper_new, store_start, .., keeper_stop, store_close, keeper_free: the store
 * may wish as long as it is open.
 *
 * Thread safety: any thread, but for new, stop and free. */
#ifndef CARDINAL_STORE_KEEPER_H
#define CARDINAL_STORE_KEEPER_H

#include <stdint.h>

#include "daemon/table/table.h"
#include "proto/status.h"

struct catalog;
struct keeper;
struct store;

/* For a store that is not started yet. last_bytes: of the newest snapshot, 0 if there
 * is none. */
enum status keeper_new(struct store *store, struct catalog *catalog, uint64_t last_bytes,
                       struct keeper **out, struct error *err);

/* Ends its thread, giving up what that has in work. Accepts NULL. */
void keeper_stop(struct keeper *keeper);
void keeper_free(struct keeper *keeper); /* accepts NULL */

struct kept {
    uint64_t number; /* of the snapshot */
    uint64_t tables;
    uint64_t keys;
    uint64_t bytes; /* of its file */
};

/* Takes a snapshot now: what was told to the store before the call is in it. Fails
 * with the task's status, ST_UNAVAILABLE or ST_INTERNAL where the disk does. */
enum status keeper_take(struct keeper *keeper, const struct task *task, struct kept *out,
                        struct error *err);

/* Makes a directory, whose parent is there, and copies into it what a daemon needs to
 * start with all that was told to the store before the call; *out counts all files.
 * ST_ALREADY_EXISTS: there is something of that name; ST_NOT_FOUND: it has no parent;
 * ST_UNAVAILABLE: a part of the journal was lost meanwhile. */
enum status keeper_back_up(struct keeper *keeper, const char *path, const struct task *task,
                           struct kept *out, struct error *err);

#endif
