#include "tests/crash/crowd.h"

#include <check.h>
#include <string.h>

#define BATCH_MAX 16u

static void make_batch(struct dice *dice, struct adds *adds)
{
    adds->table = dice_percent(dice, 80) ? 0 : 1;
    const struct model_table *table = &model_tables[adds->table];
    adds->count = 1 + dice_below(dice, BATCH_MAX);
    for (size_t i = 0; i < adds->count; i++) {
        adds->at[i].key = (uint16_t)dice_below(dice, table->keys);
        adds->at[i].column = (uint16_t)dice_below(dice, MODEL_COLUMNS);
        adds->at[i].value = dice_below(dice, table->values);
    }
}

static enum outcome add(struct crowd_member *member)
{
    struct adds adds;
    bool durable = dice_percent(&member->own, member->number % 2 == 0 ? 10 : 90);
    make_batch(&member->same, &adds);
    enum outcome outcome = actor_add(&member->actor, &adds, durable, NULL);
    member->durable_answers += durable && outcome == OUTCOME_DONE;
    return outcome;
}

static enum outcome delete (struct crowd_member *member) {
    struct deletion deletion; deletion.table = dice_percent(&member->own, 90) ? 0 : 1;
    deletion.count = 1 + dice_below(&member->own, 3);
    for (size_t i = 0; i < deletion.count; i++)
        deletion.keys[i] = (uint16_t)dice_below(&member->own, model_tables[deletion.table].keys);
    return actor_delete(&member->actor, &deletion);
}

static enum outcome act(struct crowd_member *member)
{
    unsigned choice = dice_below(&member->own, 100);
    if (choice < 3)
        return delete (member);
    if (choice < 6 && member->number == 0)
        return ddl_act(member->crowd->ddl, &member->actor, &member->own);
    if (choice < 10 && member->number == 1)
        return actor_checkpoint(&member->actor);
    return add(member);
}

static void *live(void *arg)
{
    struct crowd_member *member = arg;
    struct crowd *crowd = member->crowd;
    member->outcome = actor_open(&member->actor, crowd->model, crowd->address);
    while (member->outcome == OUTCOME_DONE && !atomic_load(&crowd->is_over)) {
        member->outcome = act(member);
        member->answers += member->outcome == OUTCOME_DONE;
        if (member->outcome == OUTCOME_REFUSED && crowd->may_refuse &&
            actor_has_no_disk(&member->actor))
            member->outcome = OUTCOME_DONE;
    }
    return NULL;
}

void crowd_begin(struct crowd *crowd, struct model *model, struct ddl *ddl, const char *address,
                 uint64_t seed, bool may_refuse)
{
    memset(crowd, 0, sizeof *crowd);
    crowd->may_refuse = may_refuse;
    crowd->model = model;
    crowd->ddl = ddl;
    crowd->address = address;
    for (unsigned i = 0; i < CROWD_SIZE; i++) {
        struct crowd_member *member = &crowd->members[i];
        member->crowd = crowd;
        member->number = i;
        member->same.state = seed + i / 2;
        member->own.state = seed + 1000 + i;
        ck_assert_int_eq(pthread_create(&member->thread, NULL, live, member), 0);
    }
}

const char *crowd_end(struct crowd *crowd)
{
    static char text[256];
    const char *refusal = NULL;
    atomic_store(&crowd->is_over, true);
    for (unsigned i = 0; i < CROWD_SIZE; i++) {
        struct crowd_member *member = &crowd->members[i];
        pthread_join(member->thread, NULL);
        if (member->outcome == OUTCOME_REFUSED) {
            memcpy(text, member->actor.text, sizeof text);
            refusal = text;
        }
        actor_close(&member->actor);
    }
    return refusal;
}
