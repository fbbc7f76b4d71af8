#include "daemon/server/paging.h"

#include <string.h>

#include "daemon/server/call.h"

bool paging_note(struct paging *paging, struct bytes_view key, enum page_result result)
{
    paging->result = result;
    if (result != PAGE_ADDED)
        return false;
    if (key.len > 0)
        memcpy(paging->last, key.data, key.len);
    paging->last_len = key.len;
    return true;
}

static enum status failure(const struct paging *paging, const struct paging_request *request,
                           enum status status, struct error *err)
{
    if (status == ST_CANCELLED || status == ST_DEADLINE_EXCEEDED)
        return call_given_up(request->what, status, err);
    if (status != ST_OK)
        return status;
    if (paging->result == PAGE_TOO_WIDE)
        return error_set(err, ST_TOO_LARGE, "%s", request->wide);
    return paging->result == PAGE_NOMEM ? error_nomem(err) : ST_OK;
}

static enum status walk(struct paging *paging, const struct paging_request *request, bool *more,
                        struct error *err)
{
    struct bytes_view after;
    bool resumes = request->token.len > 0;
    enum status status = ST_OK;

    if (resumes)
        status = page_token_decode(request->scope, request->token, &after, err);
    if (status == ST_OK)
        status = failure(paging, request,
                         request->walk(request->arg, resumes ? &after : NULL, more, err), err);
    return status;
}

enum status paging_fill(struct paging *paging, const struct paging_request *request,
                        struct error *err)
{
    uint8_t token[PAGE_TOKEN_MAX];
    struct bytes_view next = { token, 0 };
    bool more = false;
    enum status status = walk(paging, request, &more, err);

    if (status != ST_OK) {
        reply_page_abandon(&paging->page);
        return status;
    }
    if (more || paging->result == PAGE_FULL) {
        const struct bytes_view last = { paging->last, paging->last_len };
        next.len = page_token_encode(request->scope, last, token);
    }
    reply_page_end(&paging->page, next);
    return ST_OK;
}
