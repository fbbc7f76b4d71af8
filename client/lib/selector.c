#include "client/lib/selector.h"

#include <stdlib.h>

cardinal_selector cardinal_select_all(void)
{
    return (cardinal_selector){ .kind = CARDINAL__V1__SELECTOR__KIND_ALL };
}

cardinal_selector cardinal_select_keys(const cardinal_key *keys, size_t count)
{
    return (cardinal_selector){
        .kind = CARDINAL__V1__SELECTOR__KIND_LIST,
        .keys = keys,
        .key_count = count,
    };
}

cardinal_selector cardinal_select_prefix(const void *prefix, size_t len)
{
    return (cardinal_selector){
        .kind = CARDINAL__V1__SELECTOR__KIND_PREFIX,
        .a = { prefix, len },
    };
}

cardinal_selector cardinal_select_range(cardinal_key from, cardinal_key to)
{
    return (cardinal_selector){
        .kind = CARDINAL__V1__SELECTOR__KIND_RANGE,
        .a = from,
        .b = to,
    };
}

bool selector_is_list(const cardinal_selector *selector)
{
    return selector->kind == CARDINAL__V1__SELECTOR__KIND_LIST;
}

static ProtobufCBinaryData to_data(cardinal_key key)
{
    return (ProtobufCBinaryData){ .len = key.len, .data = (uint8_t *)key.data };
}

static bool fill_list(struct selector_message *message, const cardinal_selector *selector)
{
    cardinal__v1__key_list__init(&message->list);
    message->keys = calloc(selector->key_count + 1, sizeof *message->keys);
    if (message->keys == NULL)
        return false;
    for (size_t i = 0; i < selector->key_count; i++)
        message->keys[i] = to_data(selector->keys[i]);
    message->list.n_keys = selector->key_count;
    message->list.keys = message->keys;
    message->selector.list = &message->list;
    return true;
}

cardinal_status selector_fill(struct selector_message *message, const cardinal_selector *selector,
                              struct fault *fault)
{
    cardinal__v1__selector__init(&message->selector);
    message->keys = NULL;
    message->selector.kind_case = (Cardinal__V1__Selector__KindCase)selector->kind;
    switch (message->selector.kind_case) {
    case CARDINAL__V1__SELECTOR__KIND_LIST:
        return fill_list(message, selector) ? CARDINAL_OK : fault_nomem(fault);
    case CARDINAL__V1__SELECTOR__KIND_PREFIX:
        message->selector.prefix = to_data(selector->a);
        return CARDINAL_OK;
    case CARDINAL__V1__SELECTOR__KIND_RANGE:
        cardinal__v1__key_range__init(&message->range);
        message->range.from = to_data(selector->a);
        message->range.to = to_data(selector->b);
        message->selector.range = &message->range;
        return CARDINAL_OK;
    case CARDINAL__V1__SELECTOR__KIND_ALL:
        message->selector.all = true;
        return CARDINAL_OK;
    default:
        return fault_set(fault, CARDINAL_ERR_USAGE,
                         "the selector was made by none of the cardinal_select functions");
    }
}

void selector_release(struct selector_message *message)
{
    free(message->keys);
    message->keys = NULL;
}
