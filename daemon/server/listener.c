#include "daemon/server/listener.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ACCEPTS_MAX 64u /* in a row, before other events get their turn */

/* ---- binding --------------------------------------------------------------- */

static enum status cannot_listen(const struct address *address, const char *why, struct error *err)
{
    char text[ADDRESS_TEXT_MAX];

    address_format(address, text);
    return error_set(err, ST_UNAVAILABLE, "cannot listen on '%s': %s", text, why);
}

/* Is there nobody behind the socket file? */
static bool is_stale(const struct address *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool stale = false;

    if (fd < 0)
        return false;
    if (connect(fd, &address->socket.any, address->len) != 0)
        stale = errno == ECONNREFUSED;
    close(fd);
    return stale;
}

static enum status clear_path(const struct address *address, struct error *err)
{
    const char *path = address->socket.local.sun_path;
    struct stat info;

    if (lstat(path, &info) != 0)
        return ST_OK; /* if it is more than a missing file, bind() says so */
    if (!S_ISSOCK(info.st_mode))
        return cannot_listen(address, "the file is there and is no socket", err);
    if (!is_stale(address))
        return cannot_listen(address, "address already in use", err);
    if (unlink(path) != 0)
        return cannot_listen(address, strerror(errno), err);
    return ST_OK;
}

static int bind_socket(int fd, const struct address *address)
{
    static const int on = 1;

    if (address_is_local(address)) {
        mode_t before = umask(077);
        int rc = bind(fd, &address->socket.any, address->len);
        umask(before);
        return rc;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->socket.any.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    return bind(fd, &address->socket.any, address->len);
}

/* Notes what came of binding: the port, or which file it is. */
static void note_bound(struct listener *listener)
{
    struct stat info;
    socklen_t len = sizeof listener->address.socket;

    if (!address_is_local(&listener->address)) {
        getsockname(listener->fd, &listener->address.socket.any, &len);
        return;
    }
    if (lstat(listener->address.socket.local.sun_path, &info) == 0) {
        listener->device = info.st_dev;
        listener->inode = info.st_ino;
    }
}

enum status listener_bind(struct listener *listener, const struct address *address,
                          struct error *err)
{
    enum status status = address_is_local(address) ? clear_path(address, err) : ST_OK;

    if (status != ST_OK)
        return status;
    int fd = socket(address->socket.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return cannot_listen(address, strerror(errno), err);
    if (bind_socket(fd, address) != 0 || listen(fd, SOMAXCONN) != 0) {
        status = cannot_listen(address, strerror(errno), err);
        close(fd);
        return status;
    }
    listener->fd = fd;
    listener->address = *address;
    note_bound(listener);
    return ST_OK;
}

void listener_unbind(struct listener *listener)
{
    const char *path = listener->address.socket.local.sun_path;
    struct stat info;

    close(listener->fd);
    listener->fd = -1;
    if (address_is_local(&listener->address) && lstat(path, &info) == 0 &&
        info.st_dev == listener->device && info.st_ino == listener->inode)
        unlink(path);
}

/* ---- accepting ------------------------------------------------------------- */

static void on_poll(uv_poll_t *poll, int status, int events);

static void on_pause_over(uv_timer_t *timer)
{
    struct listener *listener = timer->data;

    uv_poll_start(&listener->poll, UV_READABLE, on_poll);
}

static void pause_accepting(struct listener *listener, int error)
{
    uv_poll_stop(&listener->poll);
    uv_timer_start(&listener->pause, on_pause_over, LISTENER_PAUSE_MS, 0);
    listener->on_pause(listener, error);
}

/* Answers leave at once, and a peer that vanished without a word is noticed. */
static void tune_tcp(int fd)
{
    static const int on = 1;
    static const int idle_s = 60;
    static const int interval_s = 15;
    static const int probes = 4;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

static void hand_out(struct listener *listener, int fd)
{
    if (!address_is_local(&listener->address))
        tune_tcp(fd);
    listener->on_connection(listener, fd);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct listener *listener = poll->data;

    (void)status; /* accept4() says what is wrong */
    (void)events;
    for (unsigned i = 0; i < ACCEPTS_MAX; i++) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            hand_out(listener, fd);
            continue;
        }
        if (errno == EAGAIN)
            return;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            pause_accepting(listener, errno);
            return;
        }
        /* The rest concerns one connection, which is gone: look at the next. */
    }
}

enum status listener_start(struct listener *listener, uv_loop_t *loop, struct error *err)
{
    int rc = uv_poll_init(loop, &listener->poll, listener->fd);

    if (rc != 0)
        return cannot_listen(&listener->address, uv_strerror(rc), err);
    uv_timer_init(loop, &listener->pause);
    listener->poll.data = listener->pause.data = listener;
    uv_poll_start(&listener->poll, UV_READABLE, on_poll);
    return ST_OK;
}

static void on_poll_closed(uv_handle_t *handle)
{
    listener_unbind(handle->data);
}

void listener_close(struct listener *listener)
{
    uv_close((uv_handle_t *)&listener->pause, NULL);
    uv_close((uv_handle_t *)&listener->poll, on_poll_closed);
}
