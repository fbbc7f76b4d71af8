#include "daemon/wire/selector_decode.h"

#include <string.h>

#include "daemon/wire/names_check.h"

struct bytes_view text_view(const char *text)
{
    return (struct bytes_view){ (const uint8_t *)text, strlen(text) };
}

struct bytes_view binary_view(const ProtobufCBinaryData *data)
{
    static const uint8_t nothing[1];
    return (struct bytes_view){ data->len > 0 ? data->data : nothing, data->len };
}

static enum status decode_list(const Cardinal__V1__KeyList *message,
                               const struct decode_limits *limits, struct arena *arena,
                               struct selector *out, struct error *err)
{
    if (message->n_keys > limits->max_keys)
        return error_set(err, ST_TOO_LARGE, "list of %zu keys, %u at most", message->n_keys,
                         limits->max_keys);
    struct bytes_view *keys = arena_alloc_array(arena, message->n_keys, sizeof *keys);
    if (keys == NULL)
        return error_nomem(err);
    for (size_t i = 0; i < message->n_keys; i++) {
        keys[i] = binary_view(&message->keys[i]);
        enum status st = check_key(keys[i], "key", err);
        if (st != ST_OK)
            return st;
    }
    *out = (struct selector){
        .kind = SELECTOR_LIST,
        .list = keys,
        .list_count = message->n_keys,
    };
    return ST_OK;
}

static enum status decode_range(const Cardinal__V1__KeyRange *message, struct selector *out,
                                struct error *err)
{
    struct bytes_view from = binary_view(&message->from);
    struct bytes_view to = binary_view(&message->to);
    enum status st = check_key(from, "range's first key", err);
    if (st == ST_OK)
        st = check_key(to, "range's last key", err);
    if (st == ST_OK)
        *out = (struct selector){ .kind = SELECTOR_RANGE, .from = from, .to = to };
    return st;
}

static enum status decode_prefix(const ProtobufCBinaryData *message, struct selector *out,
                                 struct error *err)
{
    struct bytes_view prefix = binary_view(message);
    enum status st = check_key(prefix, "prefix", err);
    if (st == ST_OK)
        *out = (struct selector){ .kind = SELECTOR_PREFIX, .prefix = prefix };
    return st;
}

enum status selector_decode(const Cardinal__V1__Selector *message,
                            const struct decode_limits *limits, struct arena *arena,
                            struct selector *out, struct error *err)
{
    if (message == NULL)
        return error_set(err, ST_INVALID_ARGUMENT, "request without a selector");
    switch (message->kind_case) {
    case CARDINAL__V1__SELECTOR__KIND_LIST:
        return decode_list(message->list, limits, arena, out, err);
    case CARDINAL__V1__SELECTOR__KIND_PREFIX:
        return decode_prefix(&message->prefix, out, err);
    case CARDINAL__V1__SELECTOR__KIND_RANGE:
        return decode_range(message->range, out, err);
    case CARDINAL__V1__SELECTOR__KIND_ALL:
        if (!message->all)
            return error_set(err, ST_INVALID_ARGUMENT, "selector with all = false");
        *out = (struct selector){ .kind = SELECTOR_ALL };
        return ST_OK;
    default:
        return error_set(err, ST_INVALID_ARGUMENT, "selector without a kind");
    }
}
