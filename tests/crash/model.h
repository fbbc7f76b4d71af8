/* model: what the daemon must hold, may hold, and must not hold.
 *
 * A clock that ticks with every event orders what the clients do: a write takes
 * effect somewhere between the tick at which it was sent and the one at which it was
 * answered, or at which the daemon died. Of each value the model knows the adds, of
 * each key the deletes, and from that follows what a recovered daemon is held to:
 *
 *      must    an add that is known to be on disk was sent after every delete of its
 *              key had ended
 *      must not   no add was sent since, or all had ended before a delete was sent
 *              that was answered
 *      may     anything else
 *
 * An add is known to be on disk when it was answered as durable; and when it was
 * answered before some other write was sent that was answered as durable, for that
 * one's answer covers all that the journal held before it.
 *
 * Thread safety: any thread. */
#ifndef CARDINAL_TESTS_CRASH_MODEL_H
#define CARDINAL_TESTS_CRASH_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_TABLES 2u
#define MODEL_COLUMNS 2u
#define ADDS_MAX 256u   /* values of one batch */
#define DELETE_MAX 256u /* keys of one deletion */

/* A table of the model; keys are "k0", "k1", .., values the integers from 0 on. */
struct model_table {
    const char *name;
    unsigned precision;
    uint64_t seed;
    unsigned keys;
    unsigned values; /* of each key and column */
    bool is_counted; /* estimates are exact, so that they can be held against the model */
};

extern const struct model_table model_tables[MODEL_TABLES];
extern const char *const model_columns[MODEL_COLUMNS];

/* Writes key number `key` as it is on the wire; its length. */
#define MODEL_KEY_SIZE 16u
size_t model_key(char out[MODEL_KEY_SIZE], unsigned key);

struct model;

struct model *model_new(void);
void model_free(struct model *model); /* accepts NULL */

/* The next tick. */
uint64_t model_tick(struct model *model);

/* ---- what clients tell ---- */

struct add {
    uint16_t key;
    uint16_t column;
    uint32_t value;
};

/* A batch of one table. */
struct adds {
    unsigned table;
    size_t count;
    struct add at[ADDS_MAX];
    uint64_t sent; /* set by model_adds_sent() */
};

enum answer {
    ANSWER_MEMORY,  /* done, and visible */
    ANSWER_DURABLE, /* done, and on disk */
    ANSWER_REFUSED, /* done or not */
};

void model_adds_sent(struct model *model, struct adds *adds);
void model_adds_answered(struct model *model, const struct adds *adds, enum answer answer);

/* A delete of keys. */
struct deletion {
    unsigned table;
    size_t count;
    uint16_t keys[DELETE_MAX];
    uint64_t sent; /* set by model_deletion_sent() */
};

void model_deletion_sent(struct model *model, struct deletion *deletion);
void model_deletion_answered(struct model *model, const struct deletion *deletion, bool done);

/* All that was answered before tick `sent` is on disk. */
void model_promise(struct model *model, uint64_t sent);

/* The daemon is dead: what was not answered has ended all the same. */
void model_crashed(struct model *model);

/* ---- what is asked of it, while nothing is on its way ---- */

enum holds {
    HOLDS_NOT,
    HOLDS_MAYBE,
    HOLDS_SURELY,
};

enum holds model_holds(struct model *model, unsigned table, const struct add *add);

#endif
