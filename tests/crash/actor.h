/* actor: one connection to the daemon, whose writes the model is told of.
 *
 * Nothing is sent twice: when the daemon dies, what was on its way stays unanswered.
 *
 * Thread safety: an actor belongs to one thread; they share the model. */
#ifndef CARDINAL_TESTS_CRASH_ACTOR_H
#define CARDINAL_TESTS_CRASH_ACTOR_H

#include <stdbool.h>

#include "client/include/cardinal.h"
#include "tests/crash/model.h"

enum outcome {
    OUTCOME_DONE,
    OUTCOME_REFUSED, /* by an answer: actor->text */
    OUTCOME_GONE,    /* the connection broke */
};

struct actor {
    struct model *model;
    cardinal_client *client;                  /* NULL: not connected */
    cardinal_batch *batches[MODEL_TABLES][2]; /* NULL: not opened; [1] is durable */
    cardinal_status status;                   /* of what was refused last */
    char text[256];
};

/* Connects, and waits until the daemon is ready to answer. */
enum outcome actor_open(struct actor *actor, struct model *model, const char *address);
void actor_close(struct actor *actor);

/* Makes the model's tables where they are not there. */
enum outcome actor_make_tables(struct actor *actor);

/* Sends a batch and waits for its answer. *changes, where not NULL, is how many values
 * changed a sketch. */
enum outcome actor_add(struct actor *actor, struct adds *adds, bool durable, uint64_t *changes);

enum outcome actor_delete(struct actor *actor, struct deletion *deletion);

/* Has the daemon write a snapshot: all that was answered before is on disk then. */
enum outcome actor_checkpoint(struct actor *actor);

/* Was the last refusal one for want of a sound disk? */
bool actor_has_no_disk(const struct actor *actor);

/* What became of a call: takes the client's words along where it was refused. */
enum outcome actor_outcome(struct actor *actor, cardinal_status status);

#endif
