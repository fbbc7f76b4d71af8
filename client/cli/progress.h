/* How far a load is, on a terminal's last line: bytes, rows a second, time left. Draws
 * a few times a second at most, and nothing where stderr is no terminal. */
#ifndef CARDINAL_CLI_PROGRESS_H
#define CARDINAL_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    bool shown;          /* is there a terminal? */
    bool drawn;          /* is there something to be wiped? */
    uint64_t size_bytes; /* of the input; 0: not known */
    double begin;        /* seconds, as those below */
    double next;         /* when to draw again */
};

void progress_begin(struct progress *progress, uint64_t size_bytes);
void progress_update(struct progress *progress, uint64_t bytes, uint64_t rows);
/* Makes room for a message, or for what follows. */
void progress_wipe(struct progress *progress);
/* Seconds since the beginning. */
double progress_seconds(const struct progress *progress);

#define PROGRESS_LINE_MAX 160u

/* The line itself: of bytes out of size_bytes and rows, read in that many seconds. */
void progress_format(char out[PROGRESS_LINE_MAX], uint64_t bytes, uint64_t size_bytes,
                     uint64_t rows, double seconds);

#endif
