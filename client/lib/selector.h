/* From a selector of the public header to the message that stands for it. */
#ifndef CARDINAL_CLIENT_SELECTOR_H
#define CARDINAL_CLIENT_SELECTOR_H

#include <cardinal.pb-c.h>
#include <stdbool.h>

#include "client/lib/fault.h"

/* The message and the parts it points to; must not be moved once filled. */
struct selector_message {
    Cardinal__V1__Selector selector;
    Cardinal__V1__KeyList list;
    Cardinal__V1__KeyRange range;
    ProtobufCBinaryData *keys; /* of the list; owned */
};

/* Fills message, which then points into what selector points to. On failure
 * there is nothing to release. */
cardinal_status selector_fill(struct selector_message *message, const cardinal_selector *selector,
                              struct fault *fault);
void selector_release(struct selector_message *message);

bool selector_is_list(const cardinal_selector *selector);

#endif
