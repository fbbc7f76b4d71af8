#include "tests/unit/table/model.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/table/table_impl.h"

static struct model *sorted_model; /* of the comparison that runs */

struct bytes_view model_key(const struct model *model, uint32_t at)
{
    return (struct bytes_view){ (const uint8_t *)model->keys[at], model->key_lens[at] };
}

static int compare_model_keys(const void *a, const void *b)
{
    return key_compare(model_key(sorted_model, *(const uint32_t *)a),
                       model_key(sorted_model, *(const uint32_t *)b));
}

/* Keys of the kinds that orders trip over: none at all, zeros, long shared
 * beginnings, one a prefix of another. */
static void make_keys(struct model *model)
{
    for (uint32_t i = 0; i < MODEL_KEYS; i++) {
        char *key = model->keys[i];
        int len = 0;
        switch (i % 4) {
        case 0:
            memset(key, 0, i / 4 % 8);
            len = (int)(i / 4 % 8) + sprintf(key + i / 4 % 8, "%s", i < 32 ? "" : "z");
            if (i >= 32)
                len += sprintf(key + len, "%u", i);
            break;
        case 1:
            len = sprintf(key, "tenant:0000000000000000000000000000:%06u", i * 7919 % 100000);
            break;
        case 2:
            len = sprintf(key, "%0*d", (int)(i / 4) % 60 + 1, (int)(i / 240));
            break;
        default:
            key[0] = (char)(i % 251);
            key[1] = '\xff';
            len = 2 + sprintf(key + 2, "%u", i);
        }
        model->key_lens[i] = (size_t)len;
        model->in_order[i] = i;
    }
    sorted_model = model;
    qsort(model->in_order, MODEL_KEYS, sizeof model->in_order[0], compare_model_keys);
    for (uint32_t i = 1; i < MODEL_KEYS; i++)
        ck_assert_int_lt(compare_model_keys(&model->in_order[i - 1], &model->in_order[i]), 0);
}

struct model *model_new(const char *test)
{
    struct model *model = calloc(1, sizeof *model);
    ck_assert_ptr_nonnull(model);
    random_init(&model->random, test);
    make_keys(model);
    static const char *const first[] = { "c0", "c1", "c2" };
    model->table = fixture_table(&model->catalog, first, 3);
    for (uint32_t i = 0; i < MODEL_COLUMNS; i++)
        snprintf(model->columns[i].name, sizeof model->columns[i].name, "c%u", i);
    for (uint32_t i = 0; i < 3; i++) {
        model->columns[i].live = true;
        model->live[model->live_count++] = i;
    }
    filler_init(&model->filler);
    return model;
}

void model_free(struct model *model)
{
    filler_release(&model->filler);
    table_unref(model->table);
    catalog_free(model->catalog);
    free(model);
}

uint32_t model_below(struct model *model, uint32_t end)
{
    return (uint32_t)random_below(&model->random, end);
}

bool model_has_key(const struct model *model, uint32_t key)
{
    for (uint32_t i = 0; i < model->live_count; i++) {
        if (model->columns[model->live[i]].sets[key] != 0)
            return true;
    }
    return false;
}

struct selector model_selector(struct model *model, struct bytes_view *list, bool lists)
{
    struct selector selector = { .kind = SELECTOR_ALL };
    struct bytes_view key = model_key(model, model_below(model, MODEL_KEYS));
    switch (model_below(model, lists ? 5 : 4)) {
    case 0:
        return selector;
    case 1:
        key.len = model_below(model, (uint32_t)key.len + 1);
        selector.kind = SELECTOR_PREFIX;
        selector.prefix = key;
        return selector;
    case 2:
    case 3:
        selector.kind = SELECTOR_RANGE;
        if (model_below(model, 4) > 0)
            selector.from = key;
        if (model_below(model, 4) > 0)
            selector.to = model_key(model, model_below(model, MODEL_KEYS));
        return selector;
    default:
        selector.kind = SELECTOR_LIST;
        selector.list = list;
        selector.list_count = model_below(model, MODEL_KEYS);
        for (size_t i = 0; i < selector.list_count; i++)
            list[i] = model_key(model, model_below(model, MODEL_KEYS));
        return selector;
    }
}

bool model_is_selected(const struct model *model, const struct selector *selector, uint32_t key)
{
    if (selector->kind != SELECTOR_LIST)
        return selector_matches(selector, model_key(model, key));
    for (size_t i = 0; i < selector->list_count; i++) {
        if (key_compare(selector->list[i], model_key(model, key)) == 0)
            return true;
    }
    return false;
}
