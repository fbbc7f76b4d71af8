/* verify: a recovered daemon held against the model.
 *
 * First nothing is written but what must be there already: estimates of small cells are
 * exact, and adding what must be there changes nothing. Then what may be there is settled,
 * key by key, by adding the rest or by a delete; and the digest of each table must be
 * that of a table which a daemon without a disk has just been given.
 *
 * Thread safety: one thread, while no client writes. */
#ifndef CARDINAL_TESTS_CRASH_VERIFY_H
#define CARDINAL_TESTS_CRASH_VERIFY_H

#include "tests/crash/actor.h"
#include "tests/crash/ddl.h"
#include "tests/crash/dice.h"

struct verify {
    struct model *model;
    struct ddl *ddl;
    struct dice *dice;
    const char *reference; /* address of the daemon without a disk */
    unsigned losses;       /* of values, keys and tables; each is printed, up to some */
};

/* OUTCOME_GONE: the daemon died meanwhile; what is not checked yet stays to be. */
enum outcome verify_daemon(struct verify *verify, struct actor *actor);

/* All estimates of the model's tables, to the last bit, as one number. */
enum outcome verify_fingerprint(struct actor *actor, uint64_t *fingerprint);

#endif
