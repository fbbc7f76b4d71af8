#include "daemon/wire/unpack.h"

#include <stdbool.h>
#include <string.h>

#include "daemon/wire/cursor.h"
#include "proto/utf8.h"

struct walk {
    const uint8_t *base; /* offsets in texts count from here */
    uint32_t fields_left;
    uint32_t max_fields;
    struct error *err;
};

static unsigned wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return WIRE_BYTES;
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return WIRE_64BIT;
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return WIRE_32BIT;
    default:
        return WIRE_VARINT;
    }
}

static enum status check_string(const struct walk *walk, const ProtobufCFieldDescriptor *field,
                                struct bytes_view text)
{
    if (!utf8_is_valid(text.data, text.len))
        return error_set(walk->err, ST_MALFORMED, "field '%s' is not UTF-8", field->name);
    if (memchr(text.data, 0, text.len) != NULL)
        return error_set(walk->err, ST_INVALID_ARGUMENT, "field '%s' holds a NUL byte",
                         field->name);
    return ST_OK;
}

/* Marks the field as there in *seen, one bit for a field's place in its message,
 * a oneof's members all at the place of the first. */
static enum status check_once(const struct walk *walk, const ProtobufCMessageDescriptor *type,
                              const ProtobufCFieldDescriptor *field, uint64_t *seen)
{
    bool is_oneof = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    if (field->label == PROTOBUF_C_LABEL_REPEATED ||
        (!is_oneof && field->type != PROTOBUF_C_TYPE_MESSAGE))
        return ST_OK;
    const ProtobufCFieldDescriptor *first = field;
    while (is_oneof && first > type->fields &&
           first[-1].quantifier_offset == field->quantifier_offset)
        first--;
    uint64_t bit = UINT64_C(1) << (first - type->fields);
    if (*seen & bit)
        return error_set(walk->err, ST_INVALID_ARGUMENT,
                         is_oneof ? "more than one kind in a %s, the last '%s'"
                                  : "in %s more than one '%s'",
                         type->short_name, field->name);
    *seen |= bit;
    return ST_OK;
}

static enum status walk_message(struct walk *walk, const ProtobufCMessageDescriptor *type,
                                struct bytes_view bytes);

static enum status walk_field(struct walk *walk, const ProtobufCMessageDescriptor *type,
                              const ProtobufCFieldDescriptor *field, struct cursor *c, uint64_t tag,
                              uint64_t *seen)
{
    if (WIRE_TAG_TYPE(tag) != wire_type_of(field->type)) {
        cursor_wrong_type(c);
        return ST_OK;
    }
    enum status st = check_once(walk, type, field, seen);
    if (st != ST_OK)
        return st;
    if (WIRE_TAG_TYPE(tag) != WIRE_BYTES) {
        cursor_skip(c, tag);
        return ST_OK;
    }
    struct bytes_view value = cursor_bytes(c);
    if (c->fault != NULL)
        return ST_OK;
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return check_string(walk, field, value);
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return walk_message(walk, field->descriptor, value);
    return ST_OK;
}

/* Goes as deep as the protocol's messages are nested, at most. */
static enum status walk_message(struct walk *walk, const ProtobufCMessageDescriptor *type,
                                struct bytes_view bytes)
{
    struct cursor c = cursor_of(bytes);
    uint64_t seen = 0;
    while (cursor_more(&c)) {
        if (walk->fields_left-- == 0)
            return error_set(walk->err, ST_TOO_LARGE, "message of more than %u fields",
                             walk->max_fields);
        uint64_t tag = cursor_tag(&c);
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(type, WIRE_TAG_FIELD(tag));
        enum status st = ST_OK;
        if (field != NULL)
            st = walk_field(walk, type, field, &c, tag, &seen);
        else
            cursor_skip(&c, tag);
        if (st != ST_OK)
            return st;
    }
    return cursor_status(&c, walk->base, walk->err);
}

enum status unpack_check(const ProtobufCMessageDescriptor *type, struct bytes_view bytes,
                         uint32_t max_fields, struct error *err)
{
    struct walk walk = {
        .base = bytes.data,
        .fields_left = max_fields,
        .max_fields = max_fields,
        .err = err,
    };
    return walk_message(&walk, type, bytes);
}

static void *allocate(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void free_nothing(void *arena, void *piece)
{
    (void)arena;
    (void)piece;
}

enum status unpack(const ProtobufCMessageDescriptor *type, struct bytes_view bytes,
                   uint32_t max_fields, struct arena *arena, ProtobufCMessage **out,
                   struct error *err)
{
    enum status st = unpack_check(type, bytes, max_fields, err);
    if (st != ST_OK)
        return st;
    ProtobufCAllocator allocator = {
        .alloc = allocate,
        .free = free_nothing,
        .allocator_data = arena,
    };
    /* Only memory can be missing: what else it refuses was looked for above. */
    ProtobufCMessage *message = protobuf_c_message_unpack(type, &allocator, bytes.len, bytes.data);
    if (message == NULL)
        return error_nomem(err);
    *out = message;
    return ST_OK;
}
