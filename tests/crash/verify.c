#include "tests/crash/verify.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SHOWN_MAX 20u /* losses that are printed */
#define SLACK 0.5     /* of an estimate that is as good as exact */

static void lose(struct verify *verify, unsigned count, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void lose(struct verify *verify, unsigned count, const char *format, ...)
{
    verify->losses += count;
    if (verify->losses > SHOWN_MAX)
        return;
    va_list args;
    va_start(args, format);
    fputs("lost: ", stdout);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
}

/* ---- estimates -------------------------------------------------------- */

static enum outcome count_all(struct actor *actor, unsigned table, cardinal_counts **counts)
{
    unsigned count = model_tables[table].keys;
    char(*names)[MODEL_KEY_SIZE] = calloc(count, sizeof *names);
    cardinal_key *keys = calloc(count, sizeof *keys);
    ck_assert(names != NULL && keys != NULL);
    for (unsigned i = 0; i < count; i++)
        keys[i] = (cardinal_key){ names[i], model_key(names[i], i) };
    enum outcome outcome =
        actor_outcome(actor, cardinal_count(actor->client, model_tables[table].name, keys, count,
                                            model_columns, MODEL_COLUMNS, counts));
    free(keys);
    free(names);
    return outcome;
}

static void check_estimate(struct verify *verify, unsigned table, struct add cell, double estimate)
{
    unsigned least = 0;
    unsigned most = 0;
    for (cell.value = 0; cell.value < model_tables[table].values; cell.value++) {
        enum holds holds = model_holds(verify->model, table, &cell);
        least += holds == HOLDS_SURELY;
        most += holds != HOLDS_NOT;
    }
    if (estimate < least - SLACK || estimate > most + SLACK)
        lose(verify, 1, "table '%s' key 'k%u' column '%s' has %.2f values, should have %u to %u",
             model_tables[table].name, cell.key, model_columns[cell.column], estimate, least, most);
}

static enum outcome check_estimates(struct verify *verify, struct actor *actor, unsigned table)
{
    cardinal_counts *counts = NULL;
    enum outcome outcome = count_all(actor, table, &counts);
    for (size_t k = 0; outcome == OUTCOME_DONE && k < counts->row_count; k++) {
        for (uint16_t c = 0; c < MODEL_COLUMNS; c++) {
            const struct add cell = { .key = (uint16_t)k, .column = c };
            check_estimate(verify, table, cell, counts->rows[k].estimates[c].value);
        }
    }
    cardinal_counts_free(counts);
    return outcome;
}

enum outcome verify_fingerprint(struct actor *actor, uint64_t *fingerprint)
{
    *fingerprint = 0;
    for (unsigned t = 0; t < MODEL_TABLES; t++) {
        cardinal_counts *counts = NULL;
        enum outcome outcome = count_all(actor, t, &counts);
        if (outcome != OUTCOME_DONE)
            return outcome;
        for (size_t k = 0; k < counts->row_count; k++)
            *fingerprint = XXH3_64bits_withSeed(
                counts->rows[k].estimates, MODEL_COLUMNS * sizeof(cardinal_estimate), *fingerprint);
        cardinal_counts_free(counts);
    }
    return OUTCOME_DONE;
}

/* ---- adding what the model says --------------------------------------- */

/* Adds the values of keys that the model holds so, in batches. */
struct filler {
    struct actor *actor;
    bool durable;
    struct adds adds;
    uint64_t changes;
};

static enum outcome fill_flush(struct filler *filler)
{
    uint64_t changes = 0;
    if (filler->adds.count == 0)
        return OUTCOME_DONE;
    enum outcome outcome = actor_add(filler->actor, &filler->adds, filler->durable, &changes);
    filler->changes += changes;
    filler->adds.count = 0;
    return outcome;
}

static enum outcome fill_key(struct filler *filler, struct model *model, unsigned key,
                             enum holds wanted)
{
    enum outcome outcome = OUTCOME_DONE;
    struct add add = { .key = (uint16_t)key };
    for (add.column = 0; add.column < MODEL_COLUMNS; add.column++) {
        for (add.value = 0; add.value < model_tables[filler->adds.table].values; add.value++) {
            if (model_holds(model, filler->adds.table, &add) != wanted)
                continue;
            filler->adds.at[filler->adds.count++] = add;
            if (filler->adds.count == ADDS_MAX)
                outcome = fill_flush(filler);
            if (outcome != OUTCOME_DONE)
                return outcome;
        }
    }
    return outcome;
}

/* What must be there is added again: nothing may change. */
static enum outcome check_members(struct verify *verify, struct actor *actor, unsigned table)
{
    struct filler filler = { .actor = actor, .adds.table = table };
    enum outcome outcome = OUTCOME_DONE;
    for (unsigned k = 0; outcome == OUTCOME_DONE && k < model_tables[table].keys; k++)
        outcome = fill_key(&filler, verify->model, k, HOLDS_SURELY);
    if (outcome == OUTCOME_DONE)
        outcome = fill_flush(&filler);
    if (filler.changes > 0)
        lose(verify, (unsigned)filler.changes,
             "table '%s' took %llu values that it should have had", model_tables[table].name,
             (unsigned long long)filler.changes);
    return outcome;
}

/* ---- settling --------------------------------------------------------- */

static bool is_unsure(struct model *model, unsigned table, unsigned key)
{
    struct add add = { .key = (uint16_t)key };
    for (add.column = 0; add.column < MODEL_COLUMNS; add.column++) {
        for (add.value = 0; add.value < model_tables[table].values; add.value++) {
            if (model_holds(model, table, &add) == HOLDS_MAYBE)
                return true;
        }
    }
    return false;
}

static enum outcome settle(struct verify *verify, struct actor *actor, unsigned table)
{
    struct filler filler = { .actor = actor, .durable = true, .adds.table = table };
    struct deletion deletion = { .table = table };
    enum outcome outcome = OUTCOME_DONE;
    for (unsigned k = 0; outcome == OUTCOME_DONE && k < model_tables[table].keys; k++) {
        if (!is_unsure(verify->model, table, k))
            continue;
        if (deletion.count < DELETE_MAX && dice_percent(verify->dice, 20))
            deletion.keys[deletion.count++] = (uint16_t)k;
        else
            outcome = fill_key(&filler, verify->model, k, HOLDS_MAYBE);
    }
    if (outcome == OUTCOME_DONE)
        outcome = fill_flush(&filler);
    if (outcome == OUTCOME_DONE && deletion.count > 0)
        outcome = actor_delete(actor, &deletion);
    return outcome;
}

/* ---- digests ---------------------------------------------------------- */

static enum outcome digest_of(struct actor *actor, unsigned table, uint64_t *digest)
{
    cardinal_table *described = NULL;
    enum outcome outcome = actor_outcome(
        actor, cardinal_table_describe(actor->client, model_tables[table].name, true, &described));
    if (outcome == OUTCOME_DONE)
        *digest = described->digest;
    cardinal_table_free(described);
    return outcome;
}

/* The digest that the table should have, from the other daemon. */
static uint64_t expected_digest(struct verify *verify, unsigned table)
{
    struct model *nobody = model_new(); /* these adds are none of the model's */
    struct actor actor;
    uint64_t digest = 0;
    ck_assert_ptr_nonnull(nobody);
    ck_assert_int_eq(actor_open(&actor, nobody, verify->reference), OUTCOME_DONE);
    ck_assert_int_eq(cardinal_table_drop(actor.client, model_tables[table].name, true, NULL),
                     CARDINAL_OK);
    ck_assert_int_eq(actor_make_tables(&actor), OUTCOME_DONE);
    struct filler filler = { .actor = &actor, .adds.table = table };
    for (unsigned k = 0; k < model_tables[table].keys; k++)
        ck_assert_int_eq(fill_key(&filler, verify->model, k, HOLDS_SURELY), OUTCOME_DONE);
    ck_assert_int_eq(fill_flush(&filler), OUTCOME_DONE);
    ck_assert_int_eq(digest_of(&actor, table, &digest), OUTCOME_DONE);
    actor_close(&actor);
    model_free(nobody);
    return digest;
}

static enum outcome check_digest(struct verify *verify, struct actor *actor, unsigned table)
{
    uint64_t digest = 0;
    enum outcome outcome = digest_of(actor, table, &digest);
    if (outcome == OUTCOME_DONE && digest != expected_digest(verify, table))
        lose(verify, 1, "table '%s' has another digest than the same values give elsewhere",
             model_tables[table].name);
    return outcome;
}

enum outcome verify_daemon(struct verify *verify, struct actor *actor)
{
    const char *problem = NULL;
    enum outcome outcome = ddl_check(verify->ddl, actor, &problem);
    if (problem != NULL)
        lose(verify, 1, "%s", problem);
    for (unsigned t = 0; outcome == OUTCOME_DONE && t < MODEL_TABLES; t++) {
        if (model_tables[t].is_counted)
            outcome = check_estimates(verify, actor, t);
        if (outcome == OUTCOME_DONE)
            outcome = check_members(verify, actor, t);
        if (outcome == OUTCOME_DONE)
            outcome = settle(verify, actor, t);
        if (outcome == OUTCOME_DONE)
            outcome = check_digest(verify, actor, t);
    }
    return outcome;
}
