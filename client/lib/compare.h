/* compare: the parts of a comparison that do not wait. */
#ifndef CARDINAL_CLIENT_COMPARE_H
#define CARDINAL_CLIENT_COMPARE_H

#include "client/lib/client.h"

/* Makes call ask for the comparison. Nothing to release on failure. */
cardinal_status compare_call(struct call *call, const char *table, const char *column,
                             const cardinal_selector *a, const cardinal_selector *b,
                             struct fault *fault);

/* Takes the answer. */
cardinal_status compare_take(struct cardinal_client *client,
                             const Cardinal__V1__CompareReply *reply, cardinal_overlap *out);

#endif
