/* Requests that have an answer: each keeps its call until the callback. */
#include <stdlib.h>

#include "client/async/async.h"
#include "client/lib/compare.h"
#include "client/lib/pending.h"
#include "client/lib/scan.h"

struct question {
    struct async_request request; /* first: deliver finds the question by it */
    union {
        cardinal_async_done *done;
        cardinal_async_counted *counted;
        cardinal_async_united *united;
        cardinal_async_compared *compared;
        cardinal_async_paged *paged;
    } tell;
    /* Where the call is: in one of them. */
    struct call own;
    cardinal_pending *pending;
    cardinal_scan *scan;
};

/* A question on the link with the least to do; NULL: *status says why not. */
static struct question *question_new(struct cardinal_async *async, void *arg,
                                     bool (*deliver)(struct async_request *, bool),
                                     cardinal_status *status)
{
    *status = async_admit(async);
    if (*status != CARDINAL_OK)
        return NULL;
    struct question *question = calloc(1, sizeof *question);
    if (question == NULL) {
        *status = fault_nomem(&async->fault);
        return NULL;
    }
    question->request.link = async_pick_link(async);
    question->request.deliver = deliver;
    question->request.arg = arg;
    return question;
}

/* Lets a question go on its way, or frees it. */
static cardinal_status begin(struct question *question, cardinal_status status, struct call *call)
{
    struct async_link *link = question->request.link;
    if (status != CARDINAL_OK) {
        async_fault(link->async, &link->client->fault);
        free(question);
        return status;
    }
    async_enlist(&question->request, call);
    return CARDINAL_OK;
}

/* The fault of a callback's status. */
static cardinal_status conclude(struct question *question, cardinal_status status)
{
    if (status != CARDINAL_OK)
        async_fault(question->request.link->async, &question->request.link->client->fault);
    return status;
}

/* ---- with a call of their own ----------------------------------------- */

/* Ends the call; its status. */
static cardinal_status end_own(struct question *question, bool cancelled)
{
    struct cardinal_client *client = question->request.link->client;
    if (!cancelled)
        return conclude(question, client_wait(client, &question->own));
    core_forget(&client->core, &question->own);
    return CARDINAL_CANCELLED;
}

static void free_own(struct question *question)
{
    call_release(&question->own);
    free(question);
}

static bool deliver_ping(struct async_request *request, bool cancelled)
{
    struct question *question = (struct question *)request;
    cardinal_status status = end_own(question, cancelled);
    if (question->tell.done != NULL)
        question->tell.done(request->link->async, status, request->arg);
    free_own(question);
    return false;
}

cardinal_status cardinal_async_ping(cardinal_async *client, cardinal_async_done *done, void *arg)
{
    Cardinal__V1__Ping ping = CARDINAL__V1__PING__INIT;
    cardinal_status status;
    struct question *question = question_new(client, arg, deliver_ping, &status);
    if (question == NULL)
        return status;
    question->tell.done = done;
    struct cardinal_client *inner = question->request.link->client;
    status = call_init(&question->own, CARDINAL__V1__REQUEST__BODY_PING, &ping.base);
    if (status == CARDINAL_OK)
        client_queue(inner, &question->own);
    else
        client_nomem(inner);
    return begin(question, status, &question->own);
}

static bool deliver_overlap(struct async_request *request, bool cancelled)
{
    struct question *question = (struct question *)request;
    cardinal_overlap overlap;
    cardinal_status status = end_own(question, cancelled);
    if (status == CARDINAL_OK)
        status = conclude(
            question, compare_take(request->link->client, question->own.reply->compare, &overlap));
    question->tell.compared(request->link->async, status, status == CARDINAL_OK ? &overlap : NULL,
                            request->arg);
    free_own(question);
    return false;
}

cardinal_status cardinal_async_compare(cardinal_async *client, const char *table,
                                       const char *column, const cardinal_selector *a,
                                       const cardinal_selector *b,
                                       cardinal_async_compared *compared, void *arg)
{
    cardinal_status status;
    struct question *question = question_new(client, arg, deliver_overlap, &status);
    if (question == NULL)
        return status;
    question->tell.compared = compared;
    struct cardinal_client *inner = question->request.link->client;
    status = compare_call(&question->own, table, column, a, b, &inner->fault);
    if (status == CARDINAL_OK)
        client_queue(inner, &question->own);
    return begin(question, status, &question->own);
}

/* ---- with a pending of the blocking API ------------------------------- */

static bool deliver_counts(struct async_request *request, bool cancelled)
{
    struct question *question = (struct question *)request;
    cardinal_counts *counts = NULL;
    cardinal_status status = CARDINAL_CANCELLED;
    if (cancelled)
        cardinal_pending_drop(question->pending);
    else
        status = conclude(question, cardinal_count_wait(question->pending, &counts));
    question->tell.counted(request->link->async, status, counts, request->arg);
    cardinal_counts_free(counts);
    free(question);
    return false;
}

cardinal_status cardinal_async_count(cardinal_async *client, const char *table,
                                     const cardinal_key *keys, size_t key_count,
                                     const char *const *columns, size_t column_count,
                                     cardinal_async_counted *counted, void *arg)
{
    cardinal_status status;
    struct question *question = question_new(client, arg, deliver_counts, &status);
    if (question == NULL)
        return status;
    question->tell.counted = counted;
    status = cardinal_count_start(question->request.link->client, table, keys, key_count, columns,
                                  column_count, &question->pending);
    return begin(question, status, status == CARDINAL_OK ? &question->pending->call : NULL);
}

static bool deliver_union(struct async_request *request, bool cancelled)
{
    struct question *question = (struct question *)request;
    cardinal_union_result *result = NULL;
    cardinal_status status = CARDINAL_CANCELLED;
    if (cancelled)
        cardinal_pending_drop(question->pending);
    else
        status = conclude(question, cardinal_union_wait(question->pending, &result));
    question->tell.united(request->link->async, status, result, request->arg);
    cardinal_union_free(result);
    free(question);
    return false;
}

cardinal_status cardinal_async_union(cardinal_async *client, const char *table,
                                     const cardinal_selector *selector, const char *const *columns,
                                     size_t column_count, cardinal_async_united *united, void *arg)
{
    cardinal_status status;
    struct question *question = question_new(client, arg, deliver_union, &status);
    if (question == NULL)
        return status;
    question->tell.united = united;
    status = cardinal_union_start(question->request.link->client, table, selector, columns,
                                  column_count, &question->pending);
    return begin(question, status, status == CARDINAL_OK ? &question->pending->call : NULL);
}

/* ---- scans ------------------------------------------------------------ */

/* Tells of one page; true if the next is wanted. An empty page that is not the
 * last one is passed over. */
static bool tell_page(struct question *question, cardinal_status status)
{
    struct async_request *request = &question->request;
    const cardinal_scan *scan = question->scan;
    const cardinal_async_page page = {
        .columns = scan->columns.names,
        .column_count = scan->columns.count,
        .rows = scan->rows,
        .row_count = scan->row_count,
        .last = !scan->expected,
    };
    if (status == CARDINAL_OK && page.row_count == 0 && !page.last)
        return true;
    bool more = question->tell.paged(request->link->async, status,
                                     status == CARDINAL_OK ? &page : NULL, request->arg);
    return more && status == CARDINAL_OK && !page.last;
}

static bool deliver_page(struct async_request *request, bool cancelled)
{
    struct question *question = (struct question *)request;
    cardinal_status status = CARDINAL_CANCELLED;
    if (!cancelled)
        status = conclude(question, scan_turn_page(question->scan));
    if (tell_page(question, status))
        return true;
    cardinal_scan_close(question->scan);
    free(question);
    return false;
}

cardinal_status cardinal_async_scan(cardinal_async *client, const char *table,
                                    const cardinal_selector *selector, const char *const *columns,
                                    size_t column_count, uint64_t limit,
                                    cardinal_async_paged *paged, void *arg)
{
    cardinal_status status;
    struct question *question = question_new(client, arg, deliver_page, &status);
    if (question == NULL)
        return status;
    question->tell.paged = paged;
    status = cardinal_scan_open(question->request.link->client, table, selector, columns,
                                column_count, limit, &question->scan);
    return begin(question, status, status == CARDINAL_OK ? &question->scan->next : NULL);
}
