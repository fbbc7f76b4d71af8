#include "tests/integration/harness/wire.h"

#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/frame.h"
#include "tests/integration/harness/process.h"

#define RECEIVE_STEP_BYTES 65536u

static int open_unix(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    ck_assert_uint_lt(strlen(path), sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_msg(connect(fd, (struct sockaddr *)&address, sizeof address) == 0,
                  "cannot connect to '%s': %s", path, strerror(errno));
    return fd;
}

static int open_tcp(const char *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    address.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_msg(connect(fd, (struct sockaddr *)&address, sizeof address) == 0,
                  "cannot connect to port %s: %s", port, strerror(errno));
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

int wire_open_socket(const char *address)
{
    static const char tcp[] = "tcp://127.0.0.1:";
    static const char unix_prefix[] = "unix://";
    if (strncmp(address, tcp, sizeof tcp - 1) == 0)
        return open_tcp(address + sizeof tcp - 1);
    ck_assert_msg(strncmp(address, unix_prefix, sizeof unix_prefix - 1) == 0,
                  "not an address: '%s'", address);
    return open_unix(address + sizeof unix_prefix - 1);
}

void wire_connect_silently(struct wire *wire, const char *address)
{
    memset(wire, 0, sizeof *wire);
    wire->fd = wire_open_socket(address);
}

void wire_close(struct wire *wire)
{
    close(wire->fd);
    free(wire->in);
    wire->in = NULL;
}

static void await(const struct wire *wire, short events, int64_t deadline)
{
    struct pollfd poll_fd = { .fd = wire->fd, .events = events };
    int64_t left = deadline - now_ms();
    ck_assert_msg(left > 0 && poll(&poll_fd, 1, (int)left) != 0,
                  "the daemon neither answers nor reads for %d ms", WIRE_TIMEOUT_MS);
}

bool wire_send_bytes(struct wire *wire, const void *bytes, size_t len)
{
    int64_t deadline = now_ms() + WIRE_TIMEOUT_MS;
    for (size_t done = 0; done < len;) {
        await(wire, POLLOUT, deadline);
        ssize_t n =
            send(wire->fd, (const uint8_t *)bytes + done, len - done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

bool wire_send_frame(struct wire *wire, const void *payload, size_t len)
{
    uint8_t header[FRAME_HEADER_BYTES];
    frame_put_header(header, len);
    return wire_send_bytes(wire, header, sizeof header) && wire_send_bytes(wire, payload, len);
}

uint64_t wire_send(struct wire *wire, Cardinal__V1__Request *request)
{
    request->id = ++wire->last_id;
    size_t len = cardinal__v1__request__get_packed_size(request);
    uint8_t *frame = malloc(FRAME_HEADER_BYTES + len);
    ck_assert_ptr_nonnull(frame);
    frame_put_header(frame, len);
    cardinal__v1__request__pack(request, frame + FRAME_HEADER_BYTES);
    ck_assert_msg(wire_send_bytes(wire, frame, FRAME_HEADER_BYTES + len), "the daemon hung up");
    free(frame);
    return request->id;
}

/* Reads what is there; false when the daemon has hung up. */
static bool read_some(struct wire *wire, int64_t deadline)
{
    if (wire->in_size - wire->in_len < RECEIVE_STEP_BYTES) {
        wire->in_size = wire->in_size * 2 + RECEIVE_STEP_BYTES;
        wire->in = realloc(wire->in, wire->in_size);
        ck_assert_ptr_nonnull(wire->in);
    }
    await(wire, POLLIN, deadline);
    ssize_t n = recv(wire->fd, wire->in + wire->in_len, wire->in_size - wire->in_len, 0);
    if (n <= 0)
        return n < 0 && errno == EINTR;
    wire->in_len += (size_t)n;
    return true;
}

Cardinal__V1__Response *wire_receive(struct wire *wire)
{
    int64_t deadline = now_ms() + WIRE_TIMEOUT_MS;
    const uint8_t *payload = NULL;
    size_t len = 0;
    while (frame_peek(wire->in, wire->in_len, FRAME_MAX_DEFAULT, &payload, &len) != FRAME_WHOLE) {
        ck_assert_uint_le(len, FRAME_MAX_DEFAULT);
        if (!read_some(wire, deadline)) {
            ck_assert_msg(wire->in_len == 0, "the daemon hung up within a frame");
            return NULL;
        }
    }
    Cardinal__V1__Response *response = cardinal__v1__response__unpack(NULL, len, payload);
    ck_assert_msg(response != NULL, "the daemon's answer is no Response");
    size_t taken = FRAME_HEADER_BYTES + len;
    wire->in_len -= taken;
    memmove(wire->in, wire->in + taken, wire->in_len);
    return response;
}

void wire_free(Cardinal__V1__Response *response)
{
    cardinal__v1__response__free_unpacked(response, NULL);
}

Cardinal__V1__Response *wire_call(struct wire *wire, Cardinal__V1__Request *request)
{
    uint64_t id = wire_send(wire, request);
    Cardinal__V1__Response *response = wire_receive(wire);
    ck_assert_msg(response != NULL, "the daemon hung up instead of answering");
    ck_assert_uint_eq(response->id, id);
    return response;
}

void wire_expect_hangup(struct wire *wire)
{
    int64_t deadline = now_ms() + WIRE_TIMEOUT_MS;
    while (read_some(wire, deadline))
        wire->in_len = 0;
}
