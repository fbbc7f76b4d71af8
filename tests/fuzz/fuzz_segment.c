/* A segment with any bytes of it overwritten, cut or grown: reading ends, and what is
 * given out as a block is one that was written, in its place among the others.
 *
 *     input: u16 offset, little-endian; u8 bytes to cut off or, from 128 on, to append;
 *            then bytes put at the offset */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "daemon/store/directory.h"
#include "daemon/store/segment.h"
#include "tests/fuzz/fuzz.h"

#define BLOCKS 4u
#define FILE_MAX 4096u

static const uint32_t lengths[BLOCKS] = { 30, 1, 200, 64 };

/* Puts a block behind what is there; all of it is payload of its number. */
static size_t put_block(uint8_t *file, size_t len, uint64_t number, uint64_t seed)
{
    uint8_t *payload = file + len + BLOCK_HEADER_BYTES;
    memset(payload, (int)number + 1, lengths[number]);
    const struct block_header header = {
        .payload_bytes = lengths[number],
        .number = number,
        .settled = number < 2 ? SEGMENT_HEADER_BYTES : len,
        .payload_checksum = XXH3_64bits_withSeed(payload, lengths[number], seed),
    };
    block_put_header(file + len, &header, seed);
    return len + (size_t)block_bytes(lengths[number]);
}

static size_t make_segment(uint8_t *file)
{
    const struct segment_header header = { .number = 1, .run = 7 };
    memset(file, 0, FILE_MAX);
    uint64_t seed = segment_put_header(file, &header);
    size_t len = SEGMENT_HEADER_BYTES;
    for (uint64_t i = 0; i < BLOCKS; i++)
        len = put_block(file, len, i, seed);
    return len;
}

static size_t bend(uint8_t *file, size_t len, const uint8_t *data, size_t size)
{
    if (size < 3)
        return len;
    size_t at = (data[0] | (size_t)data[1] << 8) % (len + 64);
    size_t n = size - 3 < FILE_MAX - at ? size - 3 : FILE_MAX - at;
    len = data[2] < 128 ? len - data[2] : len + data[2] - 128;
    memcpy(file + at, data + 3, n);
    return at + n > len && n > 0 ? at + n : len;
}

static void check_block(struct bytes_view payload, uint64_t number)
{
    if (number >= BLOCKS || payload.len != lengths[number])
        abort();
    for (size_t i = 0; i < payload.len; i++) {
        if (payload.data[i] != number + 1)
            abort();
    }
}

static void read_all(int directory)
{
    struct segment_reader reader;
    enum segment_state state = SEGMENT_BLOCK;
    if (segment_open(&reader, directory, 1, NULL) != ST_OK)
        return;
    for (unsigned steps = 0; state != SEGMENT_END; steps++) {
        struct bytes_view payload;
        if (steps > 2 * BLOCKS + 2 || segment_next(&reader, &state, &payload, NULL) != ST_OK)
            abort();
        if (state == SEGMENT_BLOCK)
            check_block(payload, reader.next_block - 1);
    }
    segment_close(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t file[FILE_MAX];
    char path[] = "/tmp/cardinal-fuzz-XXXXXX";
    char name[STORE_NAME_BYTES];
    size_t len = bend(file, make_segment(file), data, size);
    if (mkdtemp(path) == NULL)
        abort();
    int directory = open(path, O_RDONLY | O_DIRECTORY);
    store_segment_name(name, 1);
    int fd = openat(directory, name, O_CREAT | O_WRONLY, 0600);
    if (fd < 0 || write(fd, file, len) != (ssize_t)len)
        abort();
    close(fd);
    read_all(directory);
    unlinkat(directory, name, 0);
    close(directory);
    rmdir(path);
    return 0;
}
