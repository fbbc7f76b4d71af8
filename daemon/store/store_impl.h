/* store_impl: what a store is made of, for store.c (its life, tickets), sink.c
 * (what is appended) and flusher.c (what is written). */
#ifndef CARDINAL_STORE_STORE_IMPL_H
#define CARDINAL_STORE_STORE_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "daemon/store/append.h"
#include "daemon/store/journal.h"
#include "daemon/store/store.h"

#define QUEUE_COUNT 16u
#define CHUNKS_BEHIND (CHUNKS_MAX - CHUNKS_MAX / 4) /* in use: more, and it is behind */

/* Tickets and groups are numbers that go up by one a group; the upper bits count
 * the errors, so that those given before one can be told. */
#define TICKET_ERROR_BITS 48u

struct store_counters {
    _Atomic uint64_t journal_bytes;
    _Atomic uint64_t segment;
    _Atomic uint64_t written_bytes;
    _Atomic uint64_t blocks;
    _Atomic uint64_t syncs;
    _Atomic uint64_t sync_ns;
    _Atomic uint64_t tickets;
    _Atomic uint64_t group_max;
    _Atomic uint64_t errors;
    _Atomic uint64_t lost_bytes;
};

enum switch_state {
    SWITCH_NONE,
    SWITCH_WANTED,
    SWITCH_DONE,
    SWITCH_FAILED,
};

struct store {
    struct change_sink sink; /* the first, so that one can be had from the other */
    const char *path;
    int directory;
    int lock_file;
    uint64_t run;
    uint64_t flush_interval_ms;
    void (*on_change)(void *arg);
    void *on_change_arg;
    void (*on_wish)(void *arg);
    void *on_wish_arg;

    struct chunk_pool pool;
    struct append_queue queues[QUEUE_COUNT]; /* of changes, by stream */
    struct append_queue tables;              /* of changes of tables */
    atomic_bool has_lost;    /* a change found no memory; set under its queue's lock */
    atomic_bool behind_seen; /* somebody was told to wait */

    _Atomic uint64_t begun;   /* the group that was taken from the queues last */
    _Atomic uint64_t synced;  /* up to here groups are on disk */
    _Atomic uint64_t wanted;  /* up to here somebody waits */
    _Atomic uint64_t waiting; /* tickets since the last sync */
    atomic_bool is_degraded;
    _Atomic uint64_t wish_bytes;
    struct store_counters counters;

    pthread_mutex_t lock; /* guards what follows, up to the flusher's own */
    pthread_cond_t wake;  /* of the flusher */
    pthread_cond_t switched;
    bool is_nudged;
    bool is_stopping;
    enum switch_state switching;
    uint64_t switched_to;
    uint64_t gap_number; /* the first segment since the last error */
    uint64_t superseded; /* bytes of the segments before switched_to */

    pthread_t flusher;
    bool is_started;

    /* The flusher's own. */
    struct journal journal;
    uint64_t next_number;
    uint64_t synced_ns; /* monotonic time of the last sync */
    uint64_t logged_ns; /* when it was logged that none could be begun; 0: one could */
    uint64_t begun_ns;  /* of the last try to begin a segment */
    uint64_t wished_ns;
};

/* Fills in the functions of the sink. */
void store_init_sink(struct change_sink *sink);

/* Has the flusher look for work. */
void store_nudge(struct store *store);

/* The flusher's thread; arg is the store. */
void *flusher_run(void *arg);

uint64_t store_now_ns(void); /* monotonic */

#endif
