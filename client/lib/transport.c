#include "client/lib/transport.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static cardinal_status connect_fault(struct fault *fault, int error)
{
    return fault_set(fault, CARDINAL_ERR_CONNECT, "%s", strerror(error));
}

static void free_found(struct transport *transport)
{
    if (transport->found != NULL)
        freeaddrinfo(transport->found);
    transport->found = NULL;
    transport->next = NULL;
}

static void close_socket(struct transport *transport)
{
    if (transport->fd < 0)
        return;
    if (transport->on_close != NULL)
        transport->on_close(transport);
    close(transport->fd);
    transport->fd = -1;
}

void transport_close(struct transport *transport)
{
    close_socket(transport);
    free_found(transport);
    transport->state = TRANSPORT_CLOSED;
}

static void become_connected(struct transport *transport)
{
    free_found(transport);
    transport->state = TRANSPORT_CONNECTED;
}

/* Begins with one address; 0 or errno. */
static int try_one(struct transport *transport, const struct sockaddr *to, socklen_t to_len)
{
    close_socket(transport);
    transport->fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (transport->fd < 0)
        return errno;
    if (to->sa_family != AF_UNIX) {
        int on = 1; /* batches are whole: waiting for more would only delay them */
        setsockopt(transport->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    if (connect(transport->fd, to, to_len) == 0) {
        become_connected(transport);
        return 0;
    }
    if (errno != EINPROGRESS)
        return errno;
    transport->state = TRANSPORT_CONNECTING;
    return 0;
}

static cardinal_status try_next(struct transport *transport, int error, struct fault *fault)
{
    while (transport->next != NULL) {
        struct addrinfo *one = transport->next;
        transport->next = one->ai_next;
        error = try_one(transport, one->ai_addr, one->ai_addrlen);
        if (error == 0)
            return CARDINAL_OK;
    }
    transport_close(transport);
    return connect_fault(fault, error);
}

static cardinal_status open_local(struct transport *transport, const struct address *address,
                                  struct fault *fault)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    memcpy(to.sun_path, address->path, sizeof to.sun_path);
    int error = try_one(transport, (const struct sockaddr *)&to, sizeof to);
    if (error == 0)
        return CARDINAL_OK;
    transport_close(transport);
    return connect_fault(fault, error);
}

cardinal_status transport_open(struct transport *transport, const struct address *address,
                               struct fault *fault)
{
    if (address->local)
        return open_local(transport, address, fault);
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
    int code = getaddrinfo(address->host, address->port, &hints, &transport->found);
    if (code == EAI_MEMORY)
        return fault_nomem(fault);
    if (code != 0) {
        transport->found = NULL;
        return fault_set(fault, CARDINAL_ERR_ADDRESS, "cannot resolve '%s': %s", address->host,
                         gai_strerror(code));
    }
    transport->next = transport->found;
    return try_next(transport, EADDRNOTAVAIL, fault);
}

cardinal_status transport_advance(struct transport *transport, struct fault *fault)
{
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(transport->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        error = errno;
    if (error != 0)
        return try_next(transport, error, fault);
    become_connected(transport);
    return CARDINAL_OK;
}

cardinal_status transport_write(struct transport *transport, const struct iovec *iov, int count,
                                size_t *n, struct fault *fault)
{
    struct msghdr message = { .msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)count };
    ssize_t done;
    *n = 0;
    do
        done = sendmsg(transport->fd, &message, MSG_NOSIGNAL);
    while (done < 0 && errno == EINTR);
    if (done >= 0)
        *n = (size_t)done;
    else if (errno != EAGAIN && errno != EWOULDBLOCK)
        return connect_fault(fault, errno);
    return CARDINAL_OK;
}

cardinal_status transport_read(struct transport *transport, void *buffer, size_t size, size_t *n,
                               struct fault *fault)
{
    ssize_t done;
    *n = 0;
    do
        done = recv(transport->fd, buffer, size, 0);
    while (done < 0 && errno == EINTR);
    if (done == 0)
        return fault_set(fault, CARDINAL_ERR_CONNECT, "the server closed the connection");
    if (done > 0)
        *n = (size_t)done;
    else if (errno != EAGAIN && errno != EWOULDBLOCK)
        return connect_fault(fault, errno);
    return CARDINAL_OK;
}
