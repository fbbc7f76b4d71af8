#include "tests/crash/model.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

const struct model_table model_tables[MODEL_TABLES] = {
    { "small", 14, 77, 1000, 40, true },
    { "large", 8, 0, 8, 1500, false },
};

const char *const model_columns[MODEL_COLUMNS] = { "a", "b" };

/* The adds of one value. */
struct value {
    uint64_t known;      /* sent: of the latest one known to be on disk */
    uint64_t acked_sent; /* of the latest one answered */
    uint64_t acked_end;
    uint64_t ended;      /* of the one that ended last */
    unsigned unanswered; /* on their way */
};

/* The deletes of one key. */
struct key {
    uint64_t done_sent;  /* of the latest one answered */
    uint64_t ended;      /* of the one that ended last */
    unsigned unanswered; /* on their way */
};

struct model {
    pthread_mutex_t lock; /* guards all below */
    uint64_t now;
    uint64_t promised; /* what was answered before it is on disk */
    struct key *keys[MODEL_TABLES];
    struct value *values[MODEL_TABLES];
};

static size_t value_count(unsigned table)
{
    return (size_t)model_tables[table].keys * MODEL_COLUMNS * model_tables[table].values;
}

size_t model_key(char out[MODEL_KEY_SIZE], unsigned key)
{
    return (size_t)snprintf(out, MODEL_KEY_SIZE, "k%u", key);
}

struct model *model_new(void)
{
    struct model *model = calloc(1, sizeof *model);
    if (model == NULL)
        return NULL;
    pthread_mutex_init(&model->lock, NULL);
    for (unsigned t = 0; t < MODEL_TABLES; t++) {
        model->keys[t] = calloc(model_tables[t].keys, sizeof *model->keys[t]);
        model->values[t] = calloc(value_count(t), sizeof *model->values[t]);
        if (model->keys[t] == NULL || model->values[t] == NULL) {
            model_free(model);
            return NULL;
        }
    }
    return model;
}

void model_free(struct model *model)
{
    if (model == NULL)
        return;
    for (unsigned t = 0; t < MODEL_TABLES; t++) {
        free(model->keys[t]);
        free(model->values[t]);
    }
    pthread_mutex_destroy(&model->lock);
    free(model);
}

uint64_t model_tick(struct model *model)
{
    pthread_mutex_lock(&model->lock);
    uint64_t now = ++model->now;
    pthread_mutex_unlock(&model->lock);
    return now;
}

static struct value *value_of(struct model *model, unsigned table, const struct add *add)
{
    size_t row = (size_t)add->key * MODEL_COLUMNS + add->column;
    return &model->values[table][row * model_tables[table].values + add->value];
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Takes in what was promised since its latest add was answered. */
static void take_promise(const struct model *model, struct value *value)
{
    if (value->acked_end < model->promised)
        value->known = later(value->known, value->acked_sent);
}

/* ---- what clients tell ------------------------------------------------ */

void model_adds_sent(struct model *model, struct adds *adds)
{
    pthread_mutex_lock(&model->lock);
    adds->sent = ++model->now;
    for (size_t i = 0; i < adds->count; i++)
        value_of(model, adds->table, &adds->at[i])->unanswered++;
    pthread_mutex_unlock(&model->lock);
}

static void value_answered(const struct model *model, struct value *value, uint64_t sent,
                           enum answer answer)
{
    value->unanswered--;
    value->ended = model->now;
    if (answer == ANSWER_REFUSED)
        return;
    take_promise(model, value);
    if (sent > value->acked_sent) {
        value->acked_sent = sent;
        value->acked_end = model->now;
    }
    if (answer == ANSWER_DURABLE)
        value->known = later(value->known, sent);
}

void model_adds_answered(struct model *model, const struct adds *adds, enum answer answer)
{
    pthread_mutex_lock(&model->lock);
    model->now++;
    for (size_t i = 0; i < adds->count; i++)
        value_answered(model, value_of(model, adds->table, &adds->at[i]), adds->sent, answer);
    if (answer == ANSWER_DURABLE)
        model->promised = later(model->promised, adds->sent);
    pthread_mutex_unlock(&model->lock);
}

void model_deletion_sent(struct model *model, struct deletion *deletion)
{
    pthread_mutex_lock(&model->lock);
    deletion->sent = ++model->now;
    for (size_t i = 0; i < deletion->count; i++)
        model->keys[deletion->table][deletion->keys[i]].unanswered++;
    pthread_mutex_unlock(&model->lock);
}

void model_deletion_answered(struct model *model, const struct deletion *deletion, bool done)
{
    pthread_mutex_lock(&model->lock);
    model->now++;
    for (size_t i = 0; i < deletion->count; i++) {
        struct key *key = &model->keys[deletion->table][deletion->keys[i]];
        key->unanswered--;
        key->ended = model->now;
        if (done)
            key->done_sent = later(key->done_sent, deletion->sent);
    }
    if (done)
        model->promised = later(model->promised, deletion->sent);
    pthread_mutex_unlock(&model->lock);
}

void model_promise(struct model *model, uint64_t sent)
{
    pthread_mutex_lock(&model->lock);
    model->promised = later(model->promised, sent);
    pthread_mutex_unlock(&model->lock);
}

void model_crashed(struct model *model)
{
    pthread_mutex_lock(&model->lock);
    uint64_t now = ++model->now;
    for (unsigned t = 0; t < MODEL_TABLES; t++) {
        for (unsigned k = 0; k < model_tables[t].keys; k++) {
            struct key *key = &model->keys[t][k];
            key->ended = key->unanswered > 0 ? now : key->ended;
            key->unanswered = 0;
        }
        for (size_t v = 0; v < value_count(t); v++) {
            struct value *value = &model->values[t][v];
            take_promise(model, value);
            value->ended = value->unanswered > 0 ? now : value->ended;
            value->unanswered = 0;
            value->acked_sent = 0; /* a later promise does not speak of what may be gone */
            value->acked_end = 0;
        }
    }
    pthread_mutex_unlock(&model->lock);
}

/* ---- what is asked of it ---------------------------------------------- */

enum holds model_holds(struct model *model, unsigned table, const struct add *add)
{
    pthread_mutex_lock(&model->lock);
    struct value *value = value_of(model, table, add);
    const struct key *key = &model->keys[table][add->key];
    enum holds holds = HOLDS_MAYBE;
    take_promise(model, value);
    if (value->unanswered == 0 && value->ended <= key->done_sent)
        holds = HOLDS_NOT;
    else if (key->unanswered == 0 && value->known > key->ended)
        holds = HOLDS_SURELY;
    pthread_mutex_unlock(&model->lock);
    return holds;
}
