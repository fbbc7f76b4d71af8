/* Random requests, held against a naive model. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/table/table_impl.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/table/model.h"

#define STEPS 3000u

static void find_all_columns(struct model *model, struct column_set *columns)
{
    ck_assert_int_eq(table_find_columns(model->table, NULL, 0, columns, NULL), ST_OK);
    ck_assert_uint_eq(columns->count, model->live_count);
}

static void step_apply(struct model *model)
{
    struct column_set columns;
    find_all_columns(model, &columns);
    uint32_t rows = 1 + model_below(model, 40);
    for (uint32_t r = 0; r < rows; r++) {
        uint32_t key = model_below(model, MODEL_KEYS);
        uint32_t cells = 1 + model_below(model, model_below(model, 4) == 0 ? model->live_count : 2);
        filler_row(&model->filler, model_key(model, key));
        for (uint32_t c = 0; c < cells; c++) {
            uint32_t column = model_below(model, model->live_count);
            uint64_t hashes[8];
            uint32_t n = 1 + model_below(model, 8);
            for (uint32_t i = 0; i < n; i++) {
                uint32_t value = model_below(model, MODEL_VALUES);
                hashes[i] = value_hash(value);
                model->columns[model->live[column]].sets[key] |= UINT64_C(1) << value;
            }
            filler_cell(&model->filler, column, hashes, n);
        }
    }
    filler_apply(&model->filler, model->table, &columns, 1 + model_below(model, 200));
}

static void check_estimate(struct estimate estimate, uint64_t set)
{
    double exact = __builtin_popcountll(set);
    ck_assert_double_eq_tol(estimate.value, exact, 0.01 * exact + 1e-9);
}

static void step_estimate(struct model *model)
{
    struct bytes_view keys[50];
    uint32_t at[50];
    bool found[50];
    struct estimate estimates[50 * MODEL_COLUMNS];
    struct column_set columns;
    find_all_columns(model, &columns);
    uint32_t n = 1 + model_below(model, 50);
    for (uint32_t i = 0; i < n; i++) {
        at[i] = model_below(model, MODEL_KEYS);
        keys[i] = model_key(model, at[i]);
    }
    table_estimate_many(model->table, keys, n, &columns, estimates, found);
    for (uint32_t i = 0; i < n; i++) {
        ck_assert_int_eq(found[i], model_has_key(model, at[i]));
        for (uint32_t c = 0; c < columns.count; c++)
            check_estimate(estimates[i * columns.count + c],
                           model->columns[model->live[c]].sets[at[i]]);
    }
}

static void step_union(struct model *model)
{
    struct bytes_view list[MODEL_KEYS];
    struct selector selector = model_selector(model, list, true);
    struct column_set columns;
    struct estimate estimates[MODEL_COLUMNS];
    uint64_t keys;
    find_all_columns(model, &columns);
    ck_assert_int_eq(table_union(model->table, &selector, &columns, NULL, estimates, &keys, NULL),
                     ST_OK);
    uint64_t expected = 0;
    uint64_t sets[MODEL_COLUMNS] = { 0 };
    for (uint32_t key = 0; key < MODEL_KEYS; key++) {
        if (!model_has_key(model, key) || !model_is_selected(model, &selector, key))
            continue;
        expected++;
        for (uint32_t c = 0; c < columns.count; c++)
            sets[c] |= model->columns[model->live[c]].sets[key];
    }
    ck_assert_uint_eq(keys, expected);
    for (uint32_t c = 0; c < columns.count; c++)
        check_estimate(estimates[c], sets[c]);
}

/* A scan under way, and where the model's own is. */
struct expected_scan {
    struct model *model;
    const struct selector *selector;
    uint32_t next; /* in in_order */
    uint8_t last[80];
    size_t last_len;
};

static void skip_unselected(struct expected_scan *scan)
{
    while (scan->next < MODEL_KEYS) {
        uint32_t key = scan->model->in_order[scan->next];
        if (model_has_key(scan->model, key) && model_is_selected(scan->model, scan->selector, key))
            return;
        scan->next++;
    }
}

static bool check_visit(struct bytes_view key, const struct estimate *estimates, void *arg)
{
    struct expected_scan *scan = arg;
    struct model *model = scan->model;
    skip_unselected(scan);
    ck_assert_uint_lt(scan->next, MODEL_KEYS);
    uint32_t at = model->in_order[scan->next];
    ck_assert_int_eq(key_compare(key, model_key(model, at)), 0);
    if (model_below(model, 50) == 0)
        return false;
    for (uint32_t c = 0; c < model->live_count; c++)
        check_estimate(estimates[c], model->columns[model->live[c]].sets[at]);
    memcpy(scan->last, key.data, key.len);
    scan->last_len = key.len;
    scan->next++;
    return true;
}

static void step_scan(struct model *model)
{
    struct selector selector = model_selector(model, NULL, false);
    struct expected_scan scan = { .model = model, .selector = &selector };
    struct column_set columns;
    bool more = true;
    find_all_columns(model, &columns);
    while (more) {
        struct bytes_view after = { scan.last, scan.last_len };
        size_t limit = 1 + model_below(model, 150);
        ck_assert_int_eq(table_scan(model->table, &selector, scan.next > 0 ? &after : NULL, limit,
                                    &columns, NULL, check_visit, &scan, &more, NULL),
                         ST_OK);
    }
    skip_unselected(&scan);
    ck_assert_uint_eq(scan.next, MODEL_KEYS);
}

static void forget_key(struct model *model, uint32_t key)
{
    for (uint32_t c = 0; c < MODEL_COLUMNS; c++)
        model->columns[c].sets[key] = 0;
}

static void step_delete(struct model *model)
{
    struct bytes_view list[MODEL_KEYS];
    struct selector selector = model_selector(model, list, true);
    uint64_t deleted;
    if (selector.kind == SELECTOR_ALL && model_below(model, 4) > 0)
        return;
    ck_assert_int_eq(table_delete(model->table, &selector, NULL, &deleted, NULL), ST_OK);
    uint64_t expected = 0;
    for (uint32_t key = 0; key < MODEL_KEYS; key++) {
        if (!model_is_selected(model, &selector, key))
            continue;
        expected += model_has_key(model, key);
        forget_key(model, key);
    }
    ck_assert_uint_eq(deleted, expected);
}

static void step_alter(struct model *model)
{
    uint32_t column = model_below(model, MODEL_COLUMNS);
    struct model_column *changed = &model->columns[column];
    struct bytes_view name = view(changed->name);
    struct table_change change = { 0 };
    struct table *table;
    if (changed->live && model->live_count == 1)
        return;
    if (changed->live) {
        change.drop = &name;
        change.drop_count = 1;
    } else {
        change.add = &name;
        change.add_count = 1;
    }
    ck_assert_int_eq(catalog_alter(model->catalog, view("t"), &change, &table, NULL), ST_OK);
    table_unref(table);
    if (!changed->live) {
        model->live[model->live_count++] = column;
    } else {
        uint32_t kept = 0;
        for (uint32_t i = 0; i < model->live_count; i++) {
            if (model->live[i] != column)
                model->live[kept++] = model->live[i];
        }
        model->live_count = kept;
        memset(changed->sets, 0, sizeof changed->sets);
    }
    changed->live = !changed->live;
}

/* The digest of a table that is loaded afresh with what the model holds. */
static uint64_t fresh_digest(struct model *model)
{
    struct catalog *catalog;
    const char *names[MODEL_COLUMNS];
    for (uint32_t i = 0; i < model->live_count; i++)
        names[i] = model->columns[model->live[i]].name;
    struct table *table = fixture_table(&catalog, names, model->live_count);
    struct column_set columns;
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    for (uint32_t key = MODEL_KEYS; key-- > 0;) {
        if (!model_has_key(model, key))
            continue;
        filler_row(&model->filler, model_key(model, key));
        for (uint32_t c = 0; c < columns.count; c++) {
            for (uint32_t value = MODEL_VALUES; value-- > 0;) {
                uint64_t hash = value_hash(value);
                if ((model->columns[model->live[c]].sets[key] >> value & 1) != 0)
                    filler_cell(&model->filler, c, &hash, 1);
            }
        }
    }
    filler_apply(&model->filler, table, &columns, 100000);
    uint64_t digest = digest_of(table);
    table_unref(table);
    catalog_free(catalog);
    return digest;
}

START_TEST(table_answers_as_a_naive_model_does)
{
    struct model *model = model_new("table_model");
    for (uint32_t step = 0; step < STEPS; step++) {
        uint32_t kind = model_below(model, 100);
        if (kind < 60)
            step_apply(model);
        else if (kind < 72)
            step_estimate(model);
        else if (kind < 82)
            step_union(model);
        else if (kind < 92)
            step_scan(model);
        else if (kind < 97)
            step_delete(model);
        else
            step_alter(model);
        if (step % 50 == 0)
            check_usage(model->table);
        if (step % 500 == 0)
            ck_assert_uint_eq(digest_of(model->table), fresh_digest(model));
    }
    check_usage(model->table);
    ck_assert_uint_eq(digest_of(model->table), fresh_digest(model));
    model_free(model);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        table_answers_as_a_naive_model_does,
    };
    return RUN_SUITE("table_model", tests);
}
