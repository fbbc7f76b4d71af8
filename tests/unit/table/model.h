/* A naive model of a table: for each key and column the set of its values as the bits of
 * a word. The table itself goes with it, for tests to hold the two together. */
#ifndef CARDINAL_TESTS_TABLE_MODEL_H
#define CARDINAL_TESTS_TABLE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/table/selector.h"
#include "tests/unit/table/fixture.h"

#define MODEL_KEYS 400u
#define MODEL_VALUES 64u
#define MODEL_COLUMNS 20u

struct model_column {
    char name[8];
    bool live;
    uint64_t sets[MODEL_KEYS];
};

struct model {
    struct random random;
    struct catalog *catalog;
    struct table *table;
    char keys[MODEL_KEYS][80];
    size_t key_lens[MODEL_KEYS];
    uint32_t in_order[MODEL_KEYS];
    struct model_column columns[MODEL_COLUMNS];
    uint32_t live[MODEL_COLUMNS]; /* in the order they were added */
    uint32_t live_count;
    struct filler filler;
};

/* A model and a table of no columns; prints what it is random by, for that test. */
struct model *model_new(const char *test);
void model_free(struct model *model);

struct bytes_view model_key(const struct model *model, uint32_t at);
bool model_has_key(const struct model *model, uint32_t key);

/* A random number below end. */
uint32_t model_below(struct model *model, uint32_t end);

/* A random selector; lists are kept in list, which has room for MODEL_KEYS. */
struct selector model_selector(struct model *model, struct bytes_view *list, bool lists);
bool model_is_selected(const struct model *model, const struct selector *selector, uint32_t key);

#endif
