/* What a server may say to the client library. The first byte of the input
 * chooses the question, the rest is what comes back to it; then the connection
 * ends. The question's id is 1. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/lib/client.h"
#include "proto/frame.h"
#include "tests/fuzz/fuzz.h"

#define INPUT_MAX 60000u /* what a socket takes without being read */
#define TIMEOUT_MS 1000
#define GIVEN_UP 1000u /* id */

static const char *const columns[] = { "a", "b" };
static const cardinal_key keys[] = { { "k", 1 }, { "", 0 } };

static bool see_table(const cardinal_table *table, void *arg)
{
    *(size_t *)arg += strlen(table->name) + table->column_count;
    return true;
}

static void ask_list(cardinal_client *client)
{
    size_t sum = 0;
    (void)cardinal_table_list(client, NULL, see_table, &sum);
}

static void ask_count(cardinal_client *client)
{
    cardinal_counts *counts = NULL;
    (void)cardinal_count(client, "t", keys, 2, columns, 2, &counts);
    cardinal_counts_free(counts);
}

static void ask_count_of_all_columns(cardinal_client *client)
{
    cardinal_counts *counts = NULL;
    (void)cardinal_count(client, "t", keys, 2, NULL, 0, &counts);
    cardinal_counts_free(counts);
}

static void ask_union(cardinal_client *client)
{
    cardinal_selector all = cardinal_select_all();
    cardinal_union_result *result = NULL;
    (void)cardinal_union(client, "t", &all, NULL, 0, &result);
    cardinal_union_free(result);
}

static void ask_scan(cardinal_client *client)
{
    cardinal_selector all = cardinal_select_all();
    const cardinal_row *row = NULL;
    cardinal_scan *scan;
    if (cardinal_scan_open(client, "t", &all, NULL, 0, 0, &scan) != CARDINAL_OK)
        return;
    do
        row = NULL;
    while (cardinal_scan_next(scan, &row) == CARDINAL_OK && row != NULL);
    cardinal_scan_close(scan);
}

static void ask_describe(cardinal_client *client)
{
    cardinal_table *table = NULL;
    (void)cardinal_table_describe(client, "t", true, &table);
    cardinal_table_free(table);
}

static void ask_stats(cardinal_client *client)
{
    cardinal_stats *stats = NULL;
    if (cardinal_stats_get(client, &stats) == CARDINAL_OK)
        (void)cardinal_stats_value(stats, "keys");
    cardinal_stats_free(stats);
}

/* Opens a batch, so that the answer to an ingest may follow in the input. */
static void ask_ingest(cardinal_client *client)
{
    cardinal_batch *batch = NULL;
    if (cardinal_batch_open(client, "t", NULL, 0, NULL, &batch) != CARDINAL_OK)
        return;
    (void)cardinal_batch_int(batch, "k", 1, 0, 5);
    (void)cardinal_batch_flush(batch);
    cardinal_batch_close(batch);
}

static void (*const questions[])(cardinal_client *) = {
    ask_list,  ask_count,  ask_count_of_all_columns, ask_union, ask_scan, ask_describe,
    ask_stats, ask_ingest,
};

/* Sends the frames one by one, as packets that are received one by one: the
 * next answer comes when the next question is asked. */
static void send_frames(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        const uint8_t *payload;
        size_t n;
        if (frame_peek(bytes, len, len, &payload, &n) == FRAME_WHOLE)
            n += FRAME_HEADER_BYTES;
        else
            n = len;
        if (send(fd, bytes, n, MSG_NOSIGNAL) != (ssize_t)n)
            return; /* too many packets: the rest is cut off */
        bytes += n;
        len -= n;
    }
}

static struct cardinal_client *open_client(int fd)
{
    struct cardinal_client *client = calloc(1, sizeof *client);
    if (client == NULL || core_init(&client->core, NULL, 0) != CARDINAL_OK)
        abort();
    client->core.state = CORE_OPEN;
    client->core.limits.max_frame = 1u << 20;
    client->core.limits.max_in_flight = 16;
    /* A question that was given up: its answer may come first. */
    client->core.slots[GIVEN_UP].id = GIVEN_UP;
    client->core.in_flight = 1;
    client->transport = (struct transport){ .state = TRANSPORT_CONNECTED, .fd = fd };
    client->address.local = true;
    client->address_text = strdup("unix://nowhere");
    client->connect_timeout_ms = TIMEOUT_MS;
    client->request_timeout_ms = TIMEOUT_MS;
    return client;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int ends[2];
    if (size < 1 || size > INPUT_MAX ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends) != 0)
        return 0;
    send_frames(ends[1], data + 1, size - 1);
    shutdown(ends[1], SHUT_WR);
    struct cardinal_client *client = open_client(ends[0]);
    questions[data[0] % (sizeof questions / sizeof questions[0])](client);
    cardinal_close(client);
    close(ends[1]);
    return 0;
}
