#include "client/lib/call.h"

#include <stdlib.h>
#include <string.h>

static bool is_repeatable(int kind)
{
    switch (kind) {
    case CARDINAL__V1__REQUEST__BODY_CREATE_TABLE:
    case CARDINAL__V1__REQUEST__BODY_ALTER_TABLE:
    case CARDINAL__V1__REQUEST__BODY_DROP_TABLE:
    case CARDINAL__V1__REQUEST__BODY_DELETE:
    case CARDINAL__V1__REQUEST__BODY_BACKUP:
        return false;
    default:
        return true;
    }
}

cardinal_status call_init(struct call *call, int kind, const ProtobufCMessage *body)
{
    *call = (struct call){ .kind = kind, .repeatable = is_repeatable(kind) };
    if (body == NULL)
        return CARDINAL_OK;
    call->body_len = protobuf_c_message_get_packed_size(body);
    call->body = malloc(call->body_len + 1);
    if (call->body == NULL)
        return fault_nomem(&call->fault);
    protobuf_c_message_pack(body, call->body);
    return CARDINAL_OK;
}

void call_release(struct call *call)
{
    free(call->body);
    arena_free(call->arena);
    call->body = NULL;
    call->arena = NULL;
    call->reply = NULL;
}

const char *call_kind_name(int kind)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(&cardinal__v1__request__descriptor, (unsigned)kind);
    if (field == NULL)
        return "request";
    const ProtobufCMessageDescriptor *message = field->descriptor;
    return message->short_name;
}
