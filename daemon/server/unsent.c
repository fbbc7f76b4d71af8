#include "daemon/server/unsent.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static enum status append(struct unsent *unsent, const uint8_t *data, size_t len)
{
    size_t before = unsent_len(unsent);

    if (unsent->start >= before) { /* so that a byte is moved once on average, at most */
        if (before > 0)
            memmove(unsent->buf.data, unsent_bytes(unsent), before);
        unsent->buf.len = before;
        unsent->start = 0;
    }
    enum status status = outbuf_reserve(&unsent->buf, len);
    if (status != ST_OK)
        return status;
    memcpy(unsent->buf.data + unsent->buf.len, data, len);
    unsent->buf.len += len;
    return ST_OK;
}

enum status unsent_keep(struct unsent *unsent, struct budget *budget, struct outbuf *out,
                        size_t from)
{
    size_t len = out->len - from;

    if (!budget_take(budget, len))
        return ST_TOO_LARGE;
    if (unsent_len(unsent) == 0 && len > out->capacity / 2) {
        outbuf_release(&unsent->buf);
        unsent->buf = *out;
        unsent->start = from;
        outbuf_init(out);
        return ST_OK;
    }
    enum status status = append(unsent, out->data + from, len);
    if (status != ST_OK)
        budget_give(budget, len);
    return status;
}

bool unsent_send(int fd, const uint8_t *data, size_t len, size_t *sent)
{
    size_t most = len < UNSENT_SEND_BYTES ? len : UNSENT_SEND_BYTES;

    *sent = 0;
    while (*sent < most) {
        ssize_t n = send(fd, data + *sent, most - *sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0)
            *sent += (size_t)n;
        else if (errno != EINTR)
            return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS;
    }
    return true;
}

void unsent_consume(struct unsent *unsent, struct budget *budget, size_t n)
{
    budget_give(budget, n);
    unsent->start += n;
    if (unsent_len(unsent) > 0)
        return;
    outbuf_release(&unsent->buf);
    unsent->start = 0;
}
