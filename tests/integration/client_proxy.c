#include "tests/integration/client_proxy.h"

#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/integration/harness/wire.h"

#define WAIT_MS 20 /* how soon a relay sees that the proxy stops */

struct way {
    int from;
    int to;
    size_t left; /* bytes until the cut */
};

/* Moves what is there; false when the connection is over. */
static bool move_bytes(struct way *way, bool *cut)
{
    uint8_t buffer[16384];
    size_t most = way->left < sizeof buffer ? way->left : sizeof buffer;
    ssize_t n = recv(way->from, buffer, most, 0);
    if (n <= 0)
        return false;
    for (ssize_t at = 0; at < n;) {
        ssize_t sent = send(way->to, buffer + at, (size_t)(n - at), MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        at += sent;
    }
    way->left -= (size_t)n;
    *cut = way->left == 0;
    return !*cut;
}

static size_t bytes_until_cut(size_t most, bool cutting)
{
    return cutting && most > 0 ? most : SIZE_MAX;
}

static void relay(struct client_proxy *proxy, int client)
{
    int daemon = wire_open_socket(proxy->to);
    bool cutting = atomic_load(&proxy->cuts) < proxy->cuts_max;
    struct way ways[2] = {
        { client, daemon, bytes_until_cut(proxy->requests_max, cutting) },
        { daemon, client, bytes_until_cut(proxy->answers_max, cutting) },
    };
    bool goes_on = true;
    bool cut = false;
    while (goes_on && !atomic_load(&proxy->stopping)) {
        struct pollfd watched[2] = { { client, POLLIN, 0 }, { daemon, POLLIN, 0 } };
        poll(watched, 2, WAIT_MS);
        for (int i = 0; i < 2 && goes_on; i++) {
            if (watched[i].revents != 0)
                goes_on = move_bytes(&ways[i], &cut);
        }
    }
    if (cut)
        atomic_fetch_add(&proxy->cuts, 1);
    close(daemon);
}

static void *run(void *arg)
{
    struct client_proxy *proxy = arg;
    while (!atomic_load(&proxy->stopping)) {
        int client = accept(proxy->listener, NULL, NULL);
        if (client < 0)
            break;
        relay(proxy, client);
        close(client);
    }
    return NULL;
}

void client_proxy_start(struct client_proxy *proxy)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    proxy->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(proxy->listener, 0);
    ck_assert_int_eq(bind(proxy->listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(proxy->listener, 16), 0);
    ck_assert_int_eq(getsockname(proxy->listener, (struct sockaddr *)&address, &len), 0);
    snprintf(proxy->address, sizeof proxy->address, "tcp://127.0.0.1:%d", ntohs(address.sin_port));
    atomic_store(&proxy->cuts, 0);
    atomic_store(&proxy->stopping, false);
    ck_assert_int_eq(pthread_create(&proxy->thread, NULL, run, proxy), 0);
}

void client_proxy_stop(struct client_proxy *proxy)
{
    atomic_store(&proxy->stopping, true);
    shutdown(proxy->listener, SHUT_RDWR);
    pthread_join(proxy->thread, NULL);
    close(proxy->listener);
}
