/* Counts the users who saw each page, on a libuv loop. Takes the server from
 * $CARDINAL_SERVER; the table: cardinal table create visits --columns=user */
#include <cardinal_async.h>
#include <stdio.h>

static const cardinal_key pages[] = { { "/index", 6 }, { "/about", 6 } };
static int visits, failures; /* added so far; what went wrong */

/* Says what went wrong, and ends the client and with it the loop. */
static void fail(cardinal_async *client)
{
    fprintf(stderr, "async: %s\n", cardinal_async_error(client));
    failures++;
    cardinal_async_close(client, NULL, NULL);
}

static void show(cardinal_async *client, cardinal_status status, const cardinal_counts *counts,
                 void *arg)
{
    (void)arg;
    if (status == CARDINAL_CANCELLED)
        return;
    for (size_t i = 0; counts != NULL && i < counts->row_count; i++)
        printf("%s %.0f\n", (const char *)pages[i].data, counts->rows[i].estimates[0].value);
    if (status == CARDINAL_OK)
        cardinal_async_close(client, NULL, NULL);
    else
        fail(client);
}

static void ask(cardinal_async_batch *batch, void *client)
{
    (void)batch;
    if (cardinal_async_count(client, "visits", pages, 2, NULL, 0, show, NULL) != CARDINAL_OK)
        fail(client);
}

/* Adds until there is no room; called again when there is. */
static void add_visits(cardinal_async_batch *batch, void *client)
{
    for (; visits < 100000; visits++) { /* 100 users of one page, 10 of the other */
        int64_t user = visits / 2 % (visits % 2 == 0 ? 100 : 10);
        cardinal_status status =
            cardinal_async_batch_int(batch, pages[visits % 2].data, 6, 0, user);
        if (status == CARDINAL_OK)
            continue;
        if (status != CARDINAL_ERR_FULL)
            fail(client);
        return;
    }
    cardinal_async_batch_flush(batch);
}

static void acked(cardinal_async_batch *batch, const cardinal_async_ack *ack, void *client)
{
    (void)batch; /* cardinal_async_batch_retry(batch, ack->failed) would send it again */
    if (ack->status != CARDINAL_OK && ack->status != CARDINAL_CANCELLED)
        fail(client);
}

static void ready(cardinal_async_batch *batch, cardinal_status status, void *client)
{
    if (status == CARDINAL_OK)
        add_visits(batch, client);
    else if (status != CARDINAL_CANCELLED)
        fail(client);
}

int main(void)
{
    static const cardinal_async_batch_events events = { ready, acked, add_visits, ask };
    cardinal_async *client;
    cardinal_async_batch *batch; /* goes with the client */
    if (cardinal_async_open(uv_default_loop(), NULL, NULL, NULL, &client, NULL) != CARDINAL_OK)
        return 1;
    if (cardinal_async_batch_open(client, "visits", NULL, 0, NULL, &events, client, &batch))
        fail(client);
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    return failures > 0;
}
