/* A client's life: connecting, closing, and what can be asked of a connection. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "client/lib/client.h"
#include "client/lib/clock.h"
#include "client/lib/options.h"

#define DEFAULT_ADDRESS "tcp://127.0.0.1:7410"
#define DEFAULT_CONNECT_TIMEOUT_MS 5000
#define DEFAULT_REQUEST_TIMEOUT_MS 30000
#define DEFAULT_RETRIES 5

static const char *choose_address(const cardinal_options *options)
{
    if (options->address != NULL)
        return options->address;
    const char *named = getenv("CARDINAL_SERVER");
    return named != NULL && named[0] != '\0' ? named : DEFAULT_ADDRESS;
}

static cardinal_status set_up(struct cardinal_client *client, const cardinal_options *given,
                              struct fault *fault)
{
    cardinal_options options = { 0 };
    if (given != NULL && !options_copy(&options, sizeof options, given))
        return fault_set(fault, CARDINAL_ERR_USAGE,
                         "options were not started from CARDINAL_OPTIONS_INIT, or are of a newer "
                         "version of the library");
    if (options.connect_timeout_ms < 0 || options.request_timeout_ms < 0 || options.retries < -1)
        return fault_set(fault, CARDINAL_ERR_USAGE, "a timeout or the retries are negative");
    if ((unsigned)options.ack > CARDINAL_ACK_DURABLE)
        return fault_set(fault, CARDINAL_ERR_USAGE, "there is no acknowledgement of that number");
    client->ack = options.ack;
    client->connect_timeout_ms =
        options.connect_timeout_ms > 0 ? options.connect_timeout_ms : DEFAULT_CONNECT_TIMEOUT_MS;
    client->request_timeout_ms =
        options.request_timeout_ms > 0 ? options.request_timeout_ms : DEFAULT_REQUEST_TIMEOUT_MS;
    int retries = options.retries == 0 ? DEFAULT_RETRIES : options.retries;
    const char *address = choose_address(&options);
    cardinal_status status = address_parse(&client->address, address, fault);
    if (status != CARDINAL_OK)
        return status;
    client->address_text = strdup(address);
    if (client->address_text == NULL ||
        core_init(&client->core, options.token, retries < 0 ? 0 : (unsigned)retries) != CARDINAL_OK)
        return fault_nomem(fault);
    return CARDINAL_OK;
}

static cardinal_status first_connection(struct cardinal_client *client, struct fault *fault)
{
    client_open(client);
    while (client->core.state != CORE_OPEN) {
        if (client->transport.state == TRANSPORT_CLOSED) {
            *fault = client->connection;
            return fault->status;
        }
        client_turn(client, client->connect_deadline_ms);
    }
    return CARDINAL_OK;
}

cardinal_status client_new(const cardinal_options *options, struct cardinal_client **out,
                           struct fault *fault)
{
    struct cardinal_client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        fault_nomem(fault);
        return CARDINAL_ERR_MEMORY;
    }
    client->transport = (struct transport)TRANSPORT_INIT;
    cardinal_status status = set_up(client, options, fault);
    if (status == CARDINAL_OK)
        *out = client;
    else
        cardinal_close(client);
    return status;
}

cardinal_status cardinal_connect(const cardinal_options *options, cardinal_client **out,
                                 char **error_out)
{
    struct fault fault;
    struct cardinal_client *client = NULL;
    cardinal_status status = client_new(options, &client, &fault);
    if (status == CARDINAL_OK)
        status = first_connection(client, &fault);
    if (status == CARDINAL_OK) {
        *out = client;
        return CARDINAL_OK;
    }
    cardinal_close(client);
    if (error_out != NULL)
        *error_out = strdup(fault.text);
    return status;
}

void cardinal_free_text(char *text)
{
    free(text);
}

void cardinal_close(cardinal_client *client)
{
    if (client == NULL)
        return;
    transport_close(&client->transport);
    core_release(&client->core);
    free(client->address_text);
    free(client);
}

const char *cardinal_error(const cardinal_client *client)
{
    return client->fault.text;
}

const char *cardinal_server_version(const cardinal_client *client)
{
    return client->core.server_version;
}

int cardinal_fd(const cardinal_client *client)
{
    return client->transport.fd;
}

short cardinal_events(const cardinal_client *client)
{
    switch (client->transport.state) {
    case TRANSPORT_CONNECTING:
        return POLLOUT;
    case TRANSPORT_CONNECTED:
        return (short)(core_has_output(&client->core) ? POLLIN | POLLOUT : POLLIN);
    default:
        return 0;
    }
}

cardinal_status cardinal_ping(cardinal_client *client)
{
    Cardinal__V1__Ping ping = CARDINAL__V1__PING__INIT;
    struct call call;
    cardinal_status status =
        client_ask(client, CARDINAL__V1__REQUEST__BODY_PING, &ping.base, &call);
    if (status == CARDINAL_OK)
        call_release(&call);
    return status;
}

cardinal_status cardinal_poll(cardinal_client *client)
{
    client_turn(client, 0);
    client_look(client);
    return CARDINAL_OK;
}
