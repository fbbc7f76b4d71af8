/* scratch: a data directory for one test, and segments in it.
 *
 * What goes wrong fails the test. */
#ifndef CARDINAL_TESTS_STORE_SCRATCH_H
#define CARDINAL_TESTS_STORE_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/store/segment.h"

struct scratch {
    char path[64];
    int directory;
};

void scratch_init(struct scratch *scratch);

/* Removes the directory with the files in it. */
void scratch_release(struct scratch *scratch);

/* A segment being written: its file, and what is in it. */
struct scratch_segment {
    int fd;
    uint64_t number;
    uint64_t seed;
    uint64_t size;
    uint64_t settled;
    uint64_t blocks;
};

/* Begins segment `number` with its header. */
void scratch_begin(const struct scratch *scratch, struct scratch_segment *segment, uint64_t number);

/* Appends a block of len bytes, each of them fill; returns its offset. */
uint64_t scratch_block(struct scratch_segment *segment, uint8_t fill, uint32_t len);

/* Blocks from here on say that all before them is on disk. */
void scratch_settle(struct scratch_segment *segment);

/* Flips the bits of mask in the byte at offset. */
void scratch_flip(const struct scratch_segment *segment, uint64_t offset, uint8_t mask);
void scratch_cut(const struct scratch_segment *segment, uint64_t size);
void scratch_end(struct scratch_segment *segment);

#endif
