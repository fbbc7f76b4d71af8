#include "client/cli/lines.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES (256u << 10)
#define TERMINATOR_MAX 2u
#define IDLE_MS 20 /* between two calls of idle */

/* The bytes from begin to end are read and not yet given out; those before
 * searched are known to hold no line feed. */
struct lines {
    int fd;
    bool ended;
    size_t max_line;
    size_t capacity;
    size_t begin;
    size_t searched;
    size_t end;
    uint64_t number; /* of the line given out last */
    uint64_t bytes;
    lines_idle *idle; /* NULL: nobody asks */
    void *idle_arg;
    char buffer[];
};

struct lines *lines_new(int fd, size_t max_line)
{
    size_t capacity = max_line + TERMINATOR_MAX + CHUNK_BYTES;
    struct lines *lines = malloc(sizeof *lines + capacity);
    if (lines == NULL)
        return NULL;
    *lines = (struct lines){ .fd = fd, .max_line = max_line, .capacity = capacity };
    return lines;
}

void lines_free(struct lines *lines)
{
    free(lines);
}

uint64_t lines_bytes(const struct lines *lines)
{
    return lines->bytes;
}

void lines_on_idle(struct lines *lines, lines_idle *idle, void *arg)
{
    lines->idle = idle;
    lines->idle_arg = arg;
}

/* Returns once a read would not wait, or tells what is wrong. */
static void await_input(struct lines *lines)
{
    struct pollfd input = { .fd = lines->fd, .events = POLLIN };
    while (lines->idle != NULL && poll(&input, 1, IDLE_MS) == 0)
        lines->idle(lines->idle_arg);
}

/* Reads more behind what is there, which is first moved to the front. False:
 * errno tells. */
static bool fill(struct lines *lines)
{
    size_t held = lines->end - lines->begin;
    memmove(lines->buffer, lines->buffer + lines->begin, held);
    lines->searched -= lines->begin;
    lines->begin = 0;
    lines->end = held;
    ssize_t got;
    await_input(lines);
    do {
        got = read(lines->fd, lines->buffer + held, lines->capacity - held);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return false;
    lines->ended = got == 0;
    lines->end += (size_t)got;
    lines->bytes += (uint64_t)got;
    return true;
}

/* Where the next line feed is, or NULL when it is not among what is held. */
static const char *find_feed(struct lines *lines)
{
    const char *feed = memchr(lines->buffer + lines->searched, '\n', lines->end - lines->searched);
    if (feed == NULL)
        lines->searched = lines->end;
    return feed;
}

/* Passes over a line that is too long to be held. */
static enum lines_result skip_line(struct lines *lines)
{
    for (;;) {
        const char *feed = find_feed(lines);
        lines->begin = lines->searched =
            feed == NULL ? lines->end : (size_t)(feed - lines->buffer) + 1;
        if (feed != NULL || lines->ended)
            return LINES_TOO_LONG;
        if (!fill(lines))
            return LINES_FAILED;
    }
}

static enum lines_result give_out(struct lines *lines, const char *feed, struct line *line)
{
    const char *bytes = lines->buffer + lines->begin;
    size_t len = feed == NULL ? lines->end - lines->begin : (size_t)(feed - bytes);
    size_t terminator_len = feed == NULL ? 0 : 1;
    if (feed != NULL && len > 0 && bytes[len - 1] == '\r') {
        len--;
        terminator_len++;
    }
    lines->begin += len + terminator_len;
    lines->searched = lines->begin;
    *line = (struct line){ bytes, len, terminator_len, lines->number };
    return len > lines->max_line ? LINES_TOO_LONG : LINES_LINE;
}

enum lines_result lines_next(struct lines *lines, struct line *line)
{
    const char *feed;
    while ((feed = find_feed(lines)) == NULL && !lines->ended) {
        if (lines->end - lines->begin > lines->max_line + TERMINATOR_MAX) {
            line->number = ++lines->number;
            return skip_line(lines);
        }
        if (!fill(lines))
            return LINES_FAILED;
    }
    if (feed == NULL && lines->begin == lines->end)
        return LINES_END;
    lines->number++;
    return give_out(lines, feed, line);
}
