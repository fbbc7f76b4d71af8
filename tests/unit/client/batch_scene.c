#include "tests/unit/client/batch_scene.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct seen seen;
cardinal_client *client;

static struct fake_server server;

static Cardinal__V1__Ingest *copy_of(const Cardinal__V1__Ingest *ingest)
{
    size_t size = cardinal__v1__ingest__get_packed_size(ingest);
    uint8_t *packed = malloc(size + 1);
    cardinal__v1__ingest__pack(ingest, packed);
    Cardinal__V1__Ingest *copy = cardinal__v1__ingest__unpack(NULL, size, packed);
    free(packed);
    return copy;
}

static enum fake_action record(const Cardinal__V1__Request *request, struct fake_reply *reply,
                               int connection, void *arg)
{
    struct seen *into = arg;
    (void)connection;
    if (request->body_case != CARDINAL__V1__REQUEST__BODY_INGEST)
        return FAKE_ANSWER;
    size_t size = cardinal__v1__ingest__get_packed_size(request->ingest);
    if (size > into->max_body)
        into->max_body = size;
    if (into->ingests < KEEP_MAX)
        into->values[into->ingests] = reply->ingest.values;
    if (into->ingests++ == 0) /* to be freed by forget_seen() */
        into->first = copy_of(request->ingest);
    if (into->refuse > 0) {
        into->refuse--;
        return fake_error(reply, into->refuse_with, "refused by the test");
    }
    if (into->silent > 0) {
        into->silent--;
        return FAKE_SILENCE;
    }
    return FAKE_ANSWER;
}

void start(void)
{
    cardinal_options options = CARDINAL_OPTIONS_INIT;
    fake_server_start(&server, record, &seen);
    options.address = server.address;
    options.request_timeout_ms = 2000;
    ck_assert_int_eq(cardinal_connect(&options, &client, NULL), CARDINAL_OK);
}

void stop(void)
{
    cardinal_close(client);
    fake_server_stop(&server);
}

void forget_seen(void)
{
    cardinal__v1__ingest__free_unpacked(seen.first, NULL);
}

cardinal_batch *open_batch(const cardinal_batch_options *options)
{
    cardinal_batch *batch = NULL;
    ck_assert_int_eq(cardinal_batch_open(client, "t", NULL, 0, options, &batch), CARDINAL_OK);
    return batch;
}

cardinal_status add(cardinal_batch *batch, const char *key, uint32_t column, const char *value)
{
    return cardinal_batch_string(batch, key, strlen(key), column, value, strlen(value));
}
