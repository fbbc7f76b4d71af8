/* crowd: clients that write all at once, until they are told to stop or the daemon is
 * gone.
 *
 * Two and two make up the same batches from the same seed, one mostly with memory, one
 * mostly with durable acknowledgements: so that a durable batch often finds nothing to
 * change, since what it brings was just added and is not on disk yet. They delete keys
 * as well; one makes, alters and drops tables, one asks for snapshots.
 *
 * Thread safety: of one thread; it has threads of its own. */
#ifndef CARDINAL_TESTS_CRASH_CROWD_H
#define CARDINAL_TESTS_CRASH_CROWD_H

#include <pthread.h>
#include <stdatomic.h>

#include "tests/crash/actor.h"
#include "tests/crash/ddl.h"
#include "tests/crash/dice.h"

#define CROWD_SIZE 6u

struct crowd_member {
    struct crowd *crowd;
    unsigned number;
    struct actor actor;
    struct dice same; /* what it and its twin write */
    struct dice own;
    enum outcome outcome; /* why it ended: OUTCOME_DONE, it was told to */
    unsigned long answers;
    unsigned long durable_answers;
    pthread_t thread;
};

struct crowd {
    struct model *model;
    struct ddl *ddl;
    const char *address;
    bool may_refuse; /* the disk may fail: what needs it is refused then */
    atomic_bool is_over;
    struct crowd_member members[CROWD_SIZE];
};

/* Begins; model, tables and address must live until crowd_end(). */
void crowd_begin(struct crowd *crowd, struct model *model, struct ddl *ddl, const char *address,
                 uint64_t seed, bool may_refuse);

/* Tells them to stop, and waits until they have. The refusal of one, or NULL. */
const char *crowd_end(struct crowd *crowd);

#endif
