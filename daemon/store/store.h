/* store: what keeps a catalog on disk: a journal of its changes, and snapshots.
 *
 * Life: store_open() locks the directory; the catalog is recovered from what is
 * there; store_start() begins a new run of the journal; then the catalog is given
 * store_sink(), and every change of it is appended to buffers in memory. A
 * thread, the flusher, writes them out as blocks and syncs the file: when
 * somebody waits for it, every flush_interval_ms, and when much has gathered.
 *
 * Durable: who wants to know that all he did is on disk takes a ticket when he is
 * done, and asks for its outcome whenever the store says that something has
 * changed. One sync serves all tickets that were taken before it began.
 *
 * Errors: when a write or a sync fails the segment is given up and never written
 * to or synced again, since what the system made of it cannot be known. All
 * tickets are lost. The store is degraded: it goes on with a new segment, flagged
 * after_gap, gives no tickets, and wishes for a snapshot; one that was begun after
 * the error and is whole ends that. Meanwhile a crash loses all since the error.
 *
 * Limits: the buffers hold about STORE_BUFFER_BYTES; beyond that
 * store_is_behind() asks those who change much to wait.
 *
 * Thread safety: any thread, but for open, start and close. */
#ifndef CARDINAL_STORE_STORE_H
#define CARDINAL_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/table/change_sink.h"
#include "proto/status.h"

#define STORE_BUFFER_BYTES ((size_t)64 << 20)

struct store;

struct store_options {
    const char *path;           /* of the data directory; made if there is none. Outlives it */
    uint64_t flush_interval_ms; /* between two syncs that nobody waits for; 0: none */
};

/* Opens and locks the directory. ST_FAILED_PRECONDITION: another daemon has it. */
enum status store_open(const struct store_options *options, struct store **out, struct error *err);

/* Writes and syncs what is left, ends the flusher, gives the lock back; accepts
 * NULL. The sink is told nothing any more. */
void store_close(struct store *store);

/* The directory as it was named. */
const char *store_path(const struct store *store);

/* The directory's descriptor, while the store is open. */
int store_directory(const struct store *store);

/* Begins a run: a new segment behind those that are there, and the flusher. */
enum status store_start(struct store *store, struct error *err);

/* This run's number, random; row ids and streams mean nothing in another. */
uint64_t store_run(const struct store *store);

/* Whom a catalog tells of its changes. */
struct change_sink *store_sink(struct store *store);

/* ---- durable acknowledgements ---- */

/* A ticket for all that this thread has appended, or seen to have been appended
 * by others: the flusher goes to work at once. 0: degraded, it is lost. */
uint64_t store_ticket(struct store *store);

enum store_outcome {
    STORE_PENDING,
    STORE_SYNCED,
    STORE_LOST, /* it may be on disk, or not */
};
enum store_outcome store_outcome(const struct store *store, uint64_t ticket);

/* Does the store give tickets, or is it degraded? */
bool store_takes_durable(const struct store *store);

/* Calls on_change, from the flusher, when the outcome has changed of a ticket whose
 * owner has found it pending, and when the store is no longer behind. Set before
 * store_start(). */
void store_listen(struct store *store, void (*on_change)(void *arg), void *arg);

/* Have the buffers no room for more than what is under way? */
bool store_is_behind(const struct store *store);

/* ---- snapshots ---- */

/* Calls wish, from the flusher, when a snapshot should be taken: when the store has
 * become degraded, or the journal has grown by wish_bytes since the last. Set before
 * store_start(). */
void store_on_wish(struct store *store, void (*wish)(void *arg), void *arg);

/* How much the journal grows until the store wishes for a snapshot. */
void store_set_wish_bytes(struct store *store, uint64_t bytes);

/* Bytes of the segments that a snapshot would make superfluous. */
uint64_t store_journal_bytes(const struct store *store);

/* Begins a new segment, *number, and returns when it is there: what was appended
 * before the call is in the segments before it, all of it on disk, or lost, and the
 * new one is after_gap. ST_UNAVAILABLE: it could not be begun. Waits; one caller at
 * a time. */
enum status store_switch(struct store *store, uint64_t *number, struct error *err);

/* The snapshot of that number is whole and on disk. Ends being degraded if it was
 * begun since. */
void store_snapshot_taken(struct store *store, uint64_t number);

/* ---- figures ---- */

struct store_figures {
    uint64_t journal_bytes;  /* as store_journal_bytes() */
    uint64_t segment;        /* the number of the one being written */
    uint64_t written_bytes;  /* by this run */
    uint64_t blocks;         /* by this run */
    uint64_t syncs;          /* by this run */
    uint64_t sync_ns;        /* the time they took */
    uint64_t tickets;        /* that were synced or lost with others */
    uint64_t group_max;      /* tickets of one sync, at most */
    uint64_t buffered_bytes; /* that wait to be written */
    uint64_t errors;         /* writes and syncs that failed */
    uint64_t lost_bytes;     /* thrown away while there was no segment */
    bool is_degraded;
    bool is_behind;
};
void store_read_figures(const struct store *store, struct store_figures *out);

#endif
