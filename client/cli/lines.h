/* Lines out of a file or a pipe, in bounded memory.
 *
 * A line ends with a line feed, which with a carriage return before it forms the
 * terminator; the last line may have none. Holds at most a line and a chunk of
 * input. */
#ifndef CARDINAL_CLI_LINES_H
#define CARDINAL_CLI_LINES_H

#include <stddef.h>
#include <stdint.h>

#define LINE_MAX_DEFAULT (1u << 20) /* bytes of a line, its terminator not counted */
#define LINE_MAX_LIMIT (1u << 30)   /* what may be asked for */

struct line {
    const char *bytes;     /* the terminator follows; valid until the next call */
    size_t len;            /* without the terminator */
    size_t terminator_len; /* 1: LF, 2: CR LF, 0: the input ended */
    uint64_t number;       /* from 1 on */
};

enum lines_result {
    LINES_LINE,
    LINES_TOO_LONG, /* line->number is over the bound; it is passed over */
    LINES_END,
    LINES_FAILED, /* reading failed: errno */
};

struct lines;

/* Lines of what fd holds from here on; fd stays the caller's. NULL: no memory. */
struct lines *lines_new(int fd, size_t max_line);
void lines_free(struct lines *lines); /* accepts NULL */

enum lines_result lines_next(struct lines *lines, struct line *line);

/* Has idle called, again and again, while fd is a pipe or a terminal that has nothing
 * to read for the moment. */
typedef void lines_idle(void *arg);
void lines_on_idle(struct lines *lines, lines_idle *idle, void *arg);

/* Bytes taken from fd so far. */
uint64_t lines_bytes(const struct lines *lines);

#endif
