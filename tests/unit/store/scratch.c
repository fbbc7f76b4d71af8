#include "tests/unit/store/scratch.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "daemon/store/directory.h"

void scratch_init(struct scratch *scratch)
{
    strcpy(scratch->path, "/tmp/cardinal-store-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(scratch->path));
    scratch->directory = open(scratch->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(scratch->directory, 0);
}

void scratch_release(struct scratch *scratch)
{
    DIR *listing = fdopendir(scratch->directory);
    ck_assert_ptr_nonnull(listing);
    rewinddir(listing);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        if (entry->d_name[0] != '.')
            ck_assert_int_eq(unlinkat(dirfd(listing), entry->d_name, 0), 0);
    }
    closedir(listing);
    ck_assert_int_eq(rmdir(scratch->path), 0);
}

static void put(struct scratch_segment *segment, const void *bytes, size_t len)
{
    ck_assert_int_eq(pwrite(segment->fd, bytes, len, (off_t)segment->size), (ssize_t)len);
    segment->size += len;
}

void scratch_begin(const struct scratch *scratch, struct scratch_segment *segment, uint64_t number)
{
    char name[STORE_NAME_BYTES];
    uint8_t bytes[SEGMENT_HEADER_BYTES];
    const struct segment_header header = { .number = number, .run = 77, .begun_ms = 5 };
    store_segment_name(name, number);
    *segment = (struct scratch_segment){ .number = number };
    segment->fd = openat(scratch->directory, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ck_assert_int_ge(segment->fd, 0);
    segment->seed = segment_put_header(bytes, &header);
    put(segment, bytes, sizeof bytes);
    segment->settled = segment->size;
}

uint64_t scratch_block(struct scratch_segment *segment, uint8_t fill, uint32_t len)
{
    uint64_t offset = segment->size;
    size_t bytes = (size_t)block_bytes(len);
    uint8_t *block = calloc(1, bytes);
    ck_assert_ptr_nonnull(block);
    memset(block + BLOCK_HEADER_BYTES, fill, len);
    const struct block_header header = {
        .payload_bytes = len,
        .number = segment->blocks++,
        .settled = segment->settled,
        .payload_checksum = XXH3_64bits_withSeed(block + BLOCK_HEADER_BYTES, len, segment->seed),
    };
    block_put_header(block, &header, segment->seed);
    put(segment, block, bytes);
    free(block);
    return offset;
}

void scratch_settle(struct scratch_segment *segment)
{
    segment->settled = segment->size;
}

void scratch_flip(const struct scratch_segment *segment, uint64_t offset, uint8_t mask)
{
    uint8_t byte;
    ck_assert_int_eq(pread(segment->fd, &byte, 1, (off_t)offset), 1);
    byte ^= mask;
    ck_assert_int_eq(pwrite(segment->fd, &byte, 1, (off_t)offset), 1);
}

void scratch_cut(const struct scratch_segment *segment, uint64_t size)
{
    ck_assert_int_eq(ftruncate(segment->fd, (off_t)size), 0);
}

void scratch_end(struct scratch_segment *segment)
{
    close(segment->fd);
}
