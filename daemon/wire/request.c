#include "daemon/wire/request.h"

#include <assert.h>

#include "daemon/wire/cursor.h"

#define FIELD_ID 1u
#define FIELD_DEADLINE_MS 2u

static const struct request_kind_info kinds[REQUEST_KIND_COUNT] = {
#define REQUEST_ROW(upper, lower, field, flags) [REQUEST_##upper] = { #lower, field, flags },
    REQUEST_MAP(REQUEST_ROW)
#undef REQUEST_ROW
};

const struct request_kind_info *request_kind_info(enum request_kind kind)
{
    assert(kind < REQUEST_KIND_COUNT);
    return &kinds[kind];
}

static enum request_kind kind_of_field(uint32_t field)
{
    switch (field) {
#define REQUEST_CASE(upper, lower, number, flags)                                                  \
    case number:                                                                                   \
        return REQUEST_##upper;
        REQUEST_MAP(REQUEST_CASE)
#undef REQUEST_CASE
    default:
        return REQUEST_UNKNOWN;
    }
}

/* A field that is neither id nor deadline; returns whether it was a body. */
static bool read_body(struct cursor *c, uint64_t tag, struct request_head *head)
{
    enum request_kind kind = kind_of_field(WIRE_TAG_FIELD(tag));
    if (kind == REQUEST_UNKNOWN) {
        cursor_skip(c, tag);
        return false;
    }
    if (WIRE_TAG_TYPE(tag) != WIRE_BYTES) {
        cursor_wrong_type(c);
        return false;
    }
    head->body = cursor_bytes(c);
    head->kind = kind;
    return true;
}

enum status request_peek(struct bytes_view payload, struct request_head *head, struct error *err)
{
    struct cursor c = cursor_of(payload);
    unsigned bodies = 0;
    unsigned fields = 0;

    *head = (struct request_head){ .kind = REQUEST_UNKNOWN };
    while (cursor_more(&c)) {
        if (fields++ == REQUEST_FIELDS_MAX)
            return error_set(err, ST_TOO_LARGE, "request of more than %u fields",
                             REQUEST_FIELDS_MAX);
        uint64_t tag = cursor_tag(&c);
        switch (WIRE_TAG_FIELD(tag)) {
        case FIELD_ID:
            if (WIRE_TAG_TYPE(tag) != WIRE_VARINT)
                cursor_wrong_type(&c);
            else
                head->id = cursor_varint(&c);
            break;
        case FIELD_DEADLINE_MS:
            if (WIRE_TAG_TYPE(tag) != WIRE_VARINT)
                cursor_wrong_type(&c);
            else
                head->deadline_ms = (uint32_t)cursor_varint(&c);
            break;
        default:
            bodies += read_body(&c, tag, head);
            break;
        }
    }
    if (c.fault != NULL)
        return cursor_status(&c, payload.data, err);
    if (bodies == 0)
        return error_set(err, ST_UNIMPLEMENTED, "request without a body that is known here");
    if (bodies > 1)
        return error_set(err, ST_INVALID_ARGUMENT, "request with %u bodies", bodies);
    return ST_OK;
}
