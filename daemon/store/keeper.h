/* keeper: takes a store's snapshots, on a thread of its own, one at a time.
 *
 * It takes one when the store wishes for it or somebody asks, and removes what the
 * new one covers. One that fails is logged; the store wishes again.
 *
 * Thread safety: keeper_wish() and keeper_take() by any thread. */
#ifndef CARDINAL_STORE_KEEPER_H
#define CARDINAL_STORE_KEEPER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/status.h"

struct catalog;
struct store;

#define KEEPER_WISH_BYTES (UINT64_C(256) << 20) /* of journal since the last snapshot, at least */

struct keeper {
    struct store *store;
    struct catalog *catalog;
    pthread_t thread;
    bool is_running;
    atomic_bool stops;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t wake;  /* of the keeper */
    pthread_cond_t taken;
    uint64_t wanted; /* how often one was asked for */
    uint64_t begun;  /* asked for before the one that was begun last */
    uint64_t done;   /* before the one that ended last */
    enum status outcome;
    struct error err;
    uint64_t number; /* of the last whole one */
    uint64_t bytes;
};

void keeper_init(struct keeper *keeper, struct store *store);
void keeper_release(struct keeper *keeper);

enum status keeper_start(struct keeper *keeper, struct catalog *catalog, struct error *err);

/* Gives up what is under way, and ends the thread. */
void keeper_stop(struct keeper *keeper);

/* One should be taken. */
void keeper_wish(struct keeper *keeper);

/* Has one taken that begins after the call, and waits for it. */
enum status keeper_take(struct keeper *keeper, uint64_t *number, uint64_t *bytes,
                        struct error *err);

#endif
