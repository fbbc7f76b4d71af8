/* journal: the segment that is being written.
 *
 * Once a call has failed the segment must be given up: journal_close(), and another
 * begun. Functions return 0 or an errno.
 *
 * Thread safety: none. */
#ifndef CARDINAL_STORE_JOURNAL_H
#define CARDINAL_STORE_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/store/append.h"

struct journal {
    int directory;
    uint64_t run;
    int fd; /* -1: no segment */
    uint64_t number;
    uint64_t seed;
    uint64_t size;    /* of the file */
    uint64_t settled; /* how much of it is on disk */
    uint64_t blocks;
};

void journal_init(struct journal *journal, int directory, uint64_t run);

/* Begins the segment of that number, in place of a file of that name, and has its
 * header and name on disk. The one that was being written is closed; on failure it
 * stays. */
int journal_begin(struct journal *journal, uint64_t number, bool after_gap);

/* Writes the chunks, in their order, as blocks. */
int journal_write(struct journal *journal, const struct chunk *chunks);

/* Has all that was written on disk. */
int journal_sync(struct journal *journal);

void journal_close(struct journal *journal);

#endif
