/* A client's life, and the way from calls that are done to callbacks. */
#include <stdlib.h>
#include <string.h>

#include "client/async/async.h"
#include "client/lib/options.h"

#define TOLD_AT_ONCE 1024u /* callbacks before the loop has its turn again */

cardinal_status async_fault(struct cardinal_async *async, const struct fault *fault)
{
    async->fault = *fault;
    return fault->status;
}

/* ---- requests --------------------------------------------------------- */

static void list_append(struct async_requests *list, struct async_request *request)
{
    request->next = NULL;
    request->prev = list->last;
    if (list->last != NULL)
        list->last->next = request;
    else
        list->first = request;
    list->last = request;
}

static void list_remove(struct async_requests *list, struct async_request *request)
{
    if (request->prev != NULL)
        request->prev->next = request->next;
    else
        list->first = request->next;
    if (request->next != NULL)
        request->next->prev = request->prev;
    else
        list->last = request->prev;
}

cardinal_status async_admit(struct cardinal_async *async)
{
    if (async->closing)
        return fault_set(&async->fault, CARDINAL_ERR_USAGE, "the client is being closed");
    if (async->request_count < async->max_requests)
        return CARDINAL_OK;
    async->starved = true;
    return fault_set(&async->fault, CARDINAL_ERR_FULL, "%zu requests are unanswered",
                     async->request_count);
}

void async_call_done(struct call *call)
{
    struct async_request *request = call->owner;
    if (request->done)
        return;
    list_remove(&request->link->async->waiting, request);
    list_append(&request->link->async->done, request);
    request->done = true;
    request->link->async->news = true;
    async_link_touch(request->link);
}

void async_enlist(struct async_request *request, struct call *call)
{
    struct async_link *link = request->link;
    request->call = call;
    request->done = false;
    call->owner = request;
    call->on_done = async_call_done;
    list_append(&link->async->waiting, request);
    link->async->request_count++;
    link->unanswered++;
    if (call->state == CALL_DONE) /* it failed as it was submitted */
        async_call_done(call);
    async_link_touch(link);
}

static void leave(struct async_requests *list, struct async_request *request)
{
    list_remove(list, request);
    request->link->async->request_count--;
    request->link->unanswered--;
}

void async_withdraw(struct async_request *request)
{
    struct cardinal_async *async = request->link->async;
    leave(request->done ? &async->done : &async->waiting, request);
    core_forget(&request->link->client->core, request->call);
}

static void tell_drained(struct cardinal_async *async)
{
    if (!async->starved || async->request_count > async->max_requests / 2)
        return;
    async->starved = false;
    if (async->drained != NULL)
        async->drained(async, async->drained_arg);
}

void async_tell(struct cardinal_async *async)
{
    struct async_request *request;
    if (async->telling || async->closing)
        return;
    async->telling = true;
    async->news = false;
    for (unsigned n = 0; n < TOLD_AT_ONCE && !async->closing; n++) {
        request = async->done.first;
        if (request == NULL)
            break;
        leave(&async->done, request);
        struct async_link *link = request->link;
        if (request->deliver(request, false))
            async_enlist(request, request->call);
        else
            async_link_touch(link);
    }
    async->news = async->done.first != NULL;
    if (!async->closing)
        async_tell_batches(async);
    if (!async->closing)
        tell_drained(async);
    async->telling = false;
}

static void cancel_all(struct cardinal_async *async, struct async_requests *list)
{
    struct async_request *request;
    while ((request = list->first) != NULL) {
        leave(list, request);
        fault_set(&async->fault, CARDINAL_CANCELLED, "the client was closed");
        request->deliver(request, true);
    }
}

/* ---- closing ---------------------------------------------------------- */

static void finish(struct cardinal_async *async)
{
    cancel_all(async, &async->done);
    cancel_all(async, &async->waiting);
    async_cancel_batches(async);
    for (unsigned i = 0; i < async->open_links; i++)
        cardinal_close(async->links[i].client);
    if (async->closed != NULL)
        async->closed(async, async->closed_arg);
    free(async->links);
    free(async);
}

void async_handle_closed(struct cardinal_async *async)
{
    async->handles--;
    if (async->handles == 0 && async->closing)
        finish(async);
}

static void handle_closed(uv_handle_t *handle)
{
    async_handle_closed(handle->data);
}

void cardinal_async_close(cardinal_async *client, cardinal_async_told *closed, void *arg)
{
    if (client->closing)
        return;
    client->closing = true;
    client->closed = closed;
    client->closed_arg = arg;
    for (unsigned i = 0; i < client->open_links; i++)
        async_link_close(&client->links[i]);
    uv_close((uv_handle_t *)&client->prepare, handle_closed);
    uv_close((uv_handle_t *)&client->idle, handle_closed);
}

/* ---- opening ---------------------------------------------------------- */

static void stay_awake(uv_idle_t *idle)
{
    (void)idle;
}

/* The loop is about to sleep: callbacks first, then what they and others asked
 * for is written. */
static void before_sleep(uv_prepare_t *prepare)
{
    struct cardinal_async *async = prepare->data;
    async_tell(async);
    if (async->closing)
        return;
    for (unsigned i = 0; i < async->open_links; i++) {
        struct async_link *link = &async->links[i];
        if (!link->touched)
            continue;
        link->touched = false;
        async_link_turn(link);
    }
    if (async->news) {
        uv_idle_start(&async->idle, stay_awake);
    } else {
        uv_idle_stop(&async->idle);
        uv_prepare_stop(prepare);
    }
}

static cardinal_status set_up(struct cardinal_async *async, const cardinal_async_options *given)
{
    cardinal_async_options options = { 0 };
    if (given != NULL && !options_copy(&options, sizeof options, given))
        return fault_set(&async->fault, CARDINAL_ERR_USAGE,
                         "options were not started from CARDINAL_ASYNC_OPTIONS_INIT");
    if (options.connections > ASYNC_LINKS_MAX)
        return fault_set(&async->fault, CARDINAL_ERR_USAGE,
                         "%u connections are over the limit of %u", options.connections,
                         ASYNC_LINKS_MAX);
    async->link_count = options.connections > 0 ? options.connections : 1;
    async->max_requests = options.max_requests > 0 ? options.max_requests : ASYNC_REQUESTS_DEFAULT;
    async->drained = options.drained;
    async->drained_arg = options.arg;
    async->links = calloc(async->link_count, sizeof *async->links);
    if (async->links == NULL)
        return fault_nomem(&async->fault);
    cardinal_status status = CARDINAL_OK;
    while (status == CARDINAL_OK && async->open_links < async->link_count) {
        status = async_link_init(&async->links[async->open_links], async, options.connect);
        if (status == CARDINAL_OK)
            async->open_links++;
    }
    return status;
}

cardinal_status cardinal_async_open(uv_loop_t *loop, const cardinal_async_options *options,
                                    cardinal_async_done *opened, void *arg, cardinal_async **out,
                                    char **error_out)
{
    struct cardinal_async *async = calloc(1, sizeof *async);
    if (async == NULL)
        return CARDINAL_ERR_MEMORY;
    async->loop = loop;
    uv_prepare_init(loop, &async->prepare);
    async->prepare.data = async;
    uv_idle_init(loop, &async->idle);
    async->idle.data = async;
    async->handles = 2;
    cardinal_status status = set_up(async, options);
    uv_prepare_start(&async->prepare, before_sleep);
    if (status == CARDINAL_OK)
        status = cardinal_async_ping(async, opened, arg);
    if (status == CARDINAL_OK) {
        *out = async;
        return CARDINAL_OK;
    }
    if (error_out != NULL)
        *error_out = strdup(async->fault.text);
    cardinal_async_close(async, NULL, NULL); /* its memory goes when the loop next runs */
    return status;
}

const char *cardinal_async_error(const cardinal_async *client)
{
    return client->fault.text;
}

size_t cardinal_async_unanswered(const cardinal_async *client)
{
    return client->request_count + async_batches_unanswered(client);
}
