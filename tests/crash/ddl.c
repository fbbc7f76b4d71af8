#include "tests/crash/ddl.h"

#include <stdio.h>
#include <string.h>

#define NAME_SIZE 16u

static const char *const column_names[DDL_COLUMNS] = { "c0", "c1", "c2", "c3", "c4", "c5" };

static void table_name(char out[NAME_SIZE], const struct ddl *ddl, const struct ddl_table *table,
                       bool is_renamed)
{
    snprintf(out, NAME_SIZE, "%s%d", is_renamed ? "renamed" : "ddl", (int)(table - ddl->tables));
}

static bool has_column(const struct ddl_state *state, unsigned column)
{
    for (unsigned i = 0; i < state->column_count; i++) {
        if (state->columns[i] == column)
            return true;
    }
    return false;
}

static void remove_column(struct ddl_state *state, unsigned place)
{
    state->filled &= ~(1u << state->columns[place]);
    state->column_count--;
    memmove(&state->columns[place], &state->columns[place + 1],
            (state->column_count - place) * sizeof state->columns[0]);
}

/* ---- statements ------------------------------------------------------- */

/* What became of the statement that makes table->becomes of the table. */
static enum outcome conclude(struct actor *actor, struct ddl_table *table, uint64_t sent,
                             cardinal_status status)
{
    enum outcome outcome = actor_outcome(actor, status);
    if (outcome != OUTCOME_DONE)
        return outcome;
    table->is = table->becomes;
    table->is_unsure = false;
    model_promise(actor->model, sent);
    return OUTCOME_DONE;
}

static uint64_t begin(struct actor *actor, struct ddl_table *table)
{
    table->is_unsure = true;
    return model_tick(actor->model);
}

static enum outcome create(struct ddl *ddl, struct actor *actor, struct ddl_table *table)
{
    char name[NAME_SIZE];
    cardinal_table_spec spec = CARDINAL_TABLE_SPEC_INIT;
    cardinal_table *made = NULL;
    table_name(name, ddl, table, false);
    spec.name = name;
    spec.columns = column_names;
    spec.column_count = 1;
    spec.precision = 10;
    table->becomes = (struct ddl_state){ .exists = true, .columns = { 0 }, .column_count = 1 };
    uint64_t sent = begin(actor, table);
    cardinal_status status = cardinal_table_create(actor->client, &spec, NULL, &made);
    if (status == CARDINAL_OK) {
        table->becomes.id = made->id;
        if (made->id <= ddl->last_id) {
            snprintf(actor->text, sizeof actor->text, "table id %llu is used again",
                     (unsigned long long)made->id);
            cardinal_table_free(made);
            return OUTCOME_REFUSED;
        }
        ddl->last_id = made->id;
    }
    cardinal_table_free(made);
    return conclude(actor, table, sent, status);
}

static enum outcome drop(struct ddl *ddl, struct actor *actor, struct ddl_table *table)
{
    char name[NAME_SIZE];
    table_name(name, ddl, table, table->is.is_renamed);
    table->becomes = (struct ddl_state){ 0 };
    uint64_t sent = begin(actor, table);
    return conclude(actor, table, sent, cardinal_table_drop(actor->client, name, false, NULL));
}

static enum outcome alter(struct ddl *ddl, struct actor *actor, struct ddl_table *table,
                          struct dice *dice)
{
    char name[NAME_SIZE];
    char renamed[NAME_SIZE];
    const char *add = NULL;
    const char *dropped = NULL;
    unsigned column = dice_below(dice, DDL_COLUMNS);
    table_name(name, ddl, table, table->is.is_renamed);
    table->becomes = table->is;
    if (!has_column(&table->is, column)) {
        add = column_names[column];
        table->becomes.columns[table->becomes.column_count++] = column;
    } else if (table->is.column_count > 1) {
        unsigned place = dice_below(dice, table->is.column_count);
        dropped = column_names[table->is.columns[place]];
        remove_column(&table->becomes, place);
    }
    bool renames = (add == NULL && dropped == NULL) || dice_percent(dice, 30);
    table->becomes.is_renamed ^= renames;
    table_name(renamed, ddl, table, table->becomes.is_renamed);
    uint64_t sent = begin(actor, table);
    return conclude(actor, table, sent,
                    cardinal_table_alter(actor->client, name, &add, add != NULL, &dropped,
                                         dropped != NULL, renames ? renamed : NULL));
}

/* A durable value for a column of the table. */
static enum outcome fill(struct ddl *ddl, struct actor *actor, struct ddl_table *table,
                         struct dice *dice)
{
    char name[NAME_SIZE];
    unsigned column = table->is.columns[dice_below(dice, table->is.column_count)];
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    cardinal_batch *batch = NULL;
    options.ack = CARDINAL_ACK_DURABLE;
    table_name(name, ddl, table, table->is.is_renamed);
    uint64_t sent = model_tick(actor->model);
    cardinal_status status =
        cardinal_batch_open(actor->client, name, &column_names[column], 1, &options, &batch);
    if (status == CARDINAL_OK)
        status = cardinal_batch_int(batch, "key", 3, 0, 1);
    if (status == CARDINAL_OK)
        status = cardinal_batch_flush(batch);
    cardinal_batch_close(batch);
    if (status == CARDINAL_OK) {
        table->is.filled |= 1u << column;
        model_promise(actor->model, sent);
    }
    return actor_outcome(actor, status);
}

enum outcome ddl_act(struct ddl *ddl, struct actor *actor, struct dice *dice)
{
    struct ddl_table *table = &ddl->tables[dice_below(dice, DDL_TABLES)];
    if (table->is_unsure)
        return OUTCOME_DONE; /* a statement was refused for want of a disk */
    if (!table->is.exists)
        return create(ddl, actor, table);
    unsigned choice = dice_below(dice, 100);
    if (choice < 20)
        return drop(ddl, actor, table);
    if (choice < 60)
        return alter(ddl, actor, table, dice);
    return fill(ddl, actor, table, dice);
}

/* ---- checking --------------------------------------------------------- */

static bool is_like(const cardinal_table *found, const struct ddl_state *state)
{
    if (found == NULL || !state->exists)
        return found == NULL && !state->exists;
    if (found->column_count != state->column_count || (state->id != 0 && found->id != state->id))
        return false;
    for (unsigned i = 0; i < state->column_count; i++) {
        if (strcmp(found->columns[i], column_names[state->columns[i]]) != 0)
            return false;
    }
    return true;
}

/* NULL in *found: there is no table of the name. */
static enum outcome find(struct ddl *ddl, struct actor *actor, const struct ddl_table *table,
                         bool is_renamed, cardinal_table **found)
{
    char name[NAME_SIZE];
    table_name(name, ddl, table, is_renamed);
    cardinal_status status = cardinal_table_describe(actor->client, name, false, found);
    return status == CARDINAL_NOT_FOUND ? OUTCOME_DONE : actor_outcome(actor, status);
}

static enum outcome check_filled(struct ddl *ddl, struct actor *actor,
                                 const struct ddl_table *table, bool *is_filled)
{
    char name[NAME_SIZE];
    const cardinal_key key = { "key", 3 };
    cardinal_counts *counts = NULL;
    *is_filled = true;
    if (!table->is.exists || table->is.filled == 0)
        return OUTCOME_DONE;
    table_name(name, ddl, table, table->is.is_renamed);
    enum outcome outcome =
        actor_outcome(actor, cardinal_count(actor->client, name, &key, 1, NULL, 0, &counts));
    for (unsigned i = 0; outcome == OUTCOME_DONE && i < table->is.column_count; i++) {
        if (table->is.filled & 1u << table->is.columns[i])
            *is_filled = *is_filled && counts->rows[0].estimates[i].value > 0.5;
    }
    cardinal_counts_free(counts);
    return outcome;
}

/* Takes the state that the daemon's tables bear out; false when none does. */
static bool settle(struct ddl_table *table, cardinal_table *const found[2])
{
    for (unsigned i = 0; i < 1u + table->is_unsure; i++) {
        struct ddl_state state = i == 0 ? table->is : table->becomes;
        if (!is_like(found[state.is_renamed], &state) || found[!state.is_renamed] != NULL)
            continue;
        if (state.exists)
            state.id = found[state.is_renamed]->id;
        table->is = state;
        table->is_unsure = false;
        return true;
    }
    return false;
}

enum outcome ddl_check(struct ddl *ddl, struct actor *actor, const char **problem)
{
    static char text[128];
    enum outcome outcome = OUTCOME_DONE;
    *problem = NULL;
    for (unsigned i = 0; outcome == OUTCOME_DONE && i < DDL_TABLES; i++) {
        struct ddl_table *table = &ddl->tables[i];
        cardinal_table *found[2] = { NULL, NULL };
        bool is_filled = true;
        outcome = find(ddl, actor, table, false, &found[0]);
        if (outcome == OUTCOME_DONE)
            outcome = find(ddl, actor, table, true, &found[1]);
        bool is_settled = outcome != OUTCOME_DONE || settle(table, found);
        if (table->is.id > ddl->last_id)
            ddl->last_id = table->is.id;
        if (outcome == OUTCOME_DONE && is_settled)
            outcome = check_filled(ddl, actor, table, &is_filled);
        cardinal_table_free(found[0]);
        cardinal_table_free(found[1]);
        if (!is_settled || (outcome == OUTCOME_DONE && !is_filled)) {
            snprintf(text, sizeof text, "table %u %s", i,
                     is_settled ? "lost a durable value" : "is not as its statements made it");
            *problem = text;
        }
    }
    return outcome;
}
