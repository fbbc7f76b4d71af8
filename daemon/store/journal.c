#include "daemon/store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

#include "daemon/store/block.h"
#include "daemon/store/directory.h"
#include "daemon/store/disk.h"
#include "daemon/store/segment.h"

#define BLOCK_CHUNKS 8u /* of a block at most */

_Static_assert(BLOCK_CHUNKS *CHUNK_BYTES <= BLOCK_PAYLOAD_MAX, "a block's chunks fit it");

void journal_init(struct journal *journal, int directory, uint64_t run)
{
    *journal = (struct journal){ .directory = directory, .run = run, .fd = -1 };
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

/* Writes the header of a new segment, and waits until it lasts. */
static int begin_file(struct journal *next, bool after_gap)
{
    uint8_t bytes[SEGMENT_HEADER_BYTES];
    const struct segment_header header = {
        .flags = after_gap ? SEGMENT_AFTER_GAP : 0,
        .number = next->number,
        .run = next->run,
        .begun_ms = now_ms(),
    };
    struct iovec piece = { bytes, sizeof bytes };
    next->seed = segment_put_header(bytes, &header);
    int rc = disk_write(next->fd, &piece, 1, FAILPOINT_JOURNAL_WRITE);
    if (rc == 0)
        rc = disk_sync(next->fd, FAILPOINT_JOURNAL_SYNC);
    if (rc == 0)
        rc = disk_sync_directory(next->directory);
    return rc;
}

int journal_begin(struct journal *journal, uint64_t number, bool after_gap)
{
    char name[STORE_NAME_BYTES];
    struct journal next = {
        .directory = journal->directory,
        .run = journal->run,
        .number = number,
        .size = SEGMENT_HEADER_BYTES,
        .settled = SEGMENT_HEADER_BYTES,
    };
    int rc = failpoint_pass(FAILPOINT_SEGMENT_SWITCH);
    if (rc != 0)
        return rc == FAILPOINT_SHORT ? ENOSPC : rc;
    store_segment_name(name, number);
    rc = disk_remove(journal->directory, name);
    if (rc != 0)
        return rc;
    next.fd = openat(journal->directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (next.fd < 0)
        return errno;
    rc = begin_file(&next, after_gap);
    if (rc != 0) {
        close(next.fd);
        disk_remove(journal->directory, name);
        return rc;
    }
    journal_close(journal);
    *journal = next;
    failpoint_pass(FAILPOINT_SEGMENT_SWITCHED);
    return 0;
}

/* Writes the first chunks of a list as one block; *rest is what comes behind. */
static int write_block(struct journal *journal, const struct chunk *chunks,
                       const struct chunk **rest)
{
    static uint8_t zeros[BLOCK_ALIGN];
    uint8_t bytes[BLOCK_HEADER_BYTES];
    struct iovec pieces[BLOCK_CHUNKS + 2] = { { bytes, sizeof bytes } };
    struct block_header header = { .number = journal->blocks, .settled = journal->settled };
    XXH3_state_t checksum;
    int count = 1;
    XXH3_INITSTATE(&checksum); /* or what lies there may pass for one of the same seed */
    XXH3_64bits_reset_withSeed(&checksum, journal->seed);
    for (; chunks != NULL && count <= (int)BLOCK_CHUNKS; chunks = chunks->next) {
        XXH3_64bits_update(&checksum, chunks->bytes, chunks->used);
        header.payload_bytes += chunks->used;
        pieces[count++] = (struct iovec){ (void *)chunks->bytes, chunks->used };
    }
    *rest = chunks;
    if (header.payload_bytes == 0)
        return 0;
    uint64_t total = block_bytes(header.payload_bytes);
    pieces[count++] = (struct iovec){ zeros, total - BLOCK_HEADER_BYTES - header.payload_bytes };
    header.payload_checksum = XXH3_64bits_digest(&checksum);
    block_put_header(bytes, &header, journal->seed);
    int rc = disk_write(journal->fd, pieces, count, FAILPOINT_JOURNAL_WRITE);
    if (rc == 0) {
        journal->size += total;
        journal->blocks++;
    }
    return rc;
}

int journal_write(struct journal *journal, const struct chunk *chunks)
{
    int rc = 0;
    while (rc == 0 && chunks != NULL)
        rc = write_block(journal, chunks, &chunks);
    return rc;
}

int journal_sync(struct journal *journal)
{
    if (journal->settled == journal->size)
        return 0;
    int rc = disk_sync(journal->fd, FAILPOINT_JOURNAL_SYNC);
    if (rc == 0)
        journal->settled = journal->size;
    return rc;
}

void journal_close(struct journal *journal)
{
    if (journal->fd >= 0)
        close(journal->fd);
    journal->fd = -1;
}
