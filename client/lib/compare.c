/* How much two groups of keys overlap. */
#include "client/lib/compare.h"

#include <math.h>

#include "client/lib/selector.h"

/* Takes a quantity that must be there and be a number; *ok remembers if one was not. */
static cardinal_quantity take(const Cardinal__V1__Quantity *from, bool *ok)
{
    cardinal_quantity quantity = { 0, 0 };
    if (from == NULL || !isfinite(from->value) || !isfinite(from->error) || from->error < 0)
        *ok = false;
    else
        quantity = (cardinal_quantity){ from->value, from->error };
    return quantity;
}

cardinal_status compare_take(struct cardinal_client *client,
                             const Cardinal__V1__CompareReply *reply, cardinal_overlap *out)
{
    bool ok = true;
    const cardinal_overlap overlap = {
        .keys_a = reply->keys_a,
        .keys_b = reply->keys_b,
        .a = take(reply->a, &ok),
        .b = take(reply->b, &ok),
        .both = take(reply->union_, &ok),
        .common = take(reply->intersection, &ok),
        .jaccard = take(reply->jaccard, &ok),
        .only_a = take(reply->only_a, &ok),
        .only_b = take(reply->only_b, &ok),
        .below_noise = reply->below_noise,
        .tokens = reply->tokens,
    };
    if (!ok)
        return client_bad_reply(client, "a quantity that is none");
    *out = overlap;
    return CARDINAL_OK;
}

cardinal_status compare_call(struct call *call, const char *table, const char *column,
                             const cardinal_selector *a, const cardinal_selector *b,
                             struct fault *fault)
{
    Cardinal__V1__Compare message = CARDINAL__V1__COMPARE__INIT;
    struct selector_message group_a;
    struct selector_message group_b;
    cardinal_status status = selector_fill(&group_a, a, fault);
    if (status != CARDINAL_OK)
        return status;
    status = selector_fill(&group_b, b, fault);
    if (status != CARDINAL_OK)
        goto err_after_a;
    message.table = (char *)table;
    message.column = (char *)column;
    message.a = &group_a.selector;
    message.b = &group_b.selector;
    if (call_init(call, CARDINAL__V1__REQUEST__BODY_COMPARE, &message.base) != CARDINAL_OK)
        status = fault_nomem(fault);
    selector_release(&group_b);
err_after_a:
    selector_release(&group_a);
    return status;
}

cardinal_status cardinal_compare(cardinal_client *client, const char *table, const char *column,
                                 const cardinal_selector *a, const cardinal_selector *b,
                                 cardinal_overlap *out)
{
    struct call call;
    cardinal_status status = compare_call(&call, table, column, a, b, &client->fault);
    if (status != CARDINAL_OK)
        return status;
    client_submit(client, &call);
    status = client_wait(client, &call);
    if (status == CARDINAL_OK)
        status = compare_take(client, call.reply->compare, out);
    call_release(&call);
    return status;
}
