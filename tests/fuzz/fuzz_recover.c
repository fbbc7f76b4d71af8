/* A data directory whose checksums are all right and whose content is anything: recovery
 * that saves what is whole comes to an end, and what it saved is sound tables.
 *
 *     input: blocks, each u8 kind, u16 length, little-endian, and so many bytes (fewer at the
 *            end). Kind 0: a block of the journal; 1, 2: a table, rows of a snapshot; 3: rows
 *            that claim to be packed, and as large unpacked as the first 2 bytes say */
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "daemon/store/block.h"
#include "daemon/store/recover.h"
#include "daemon/store/segment.h"
#include "daemon/store/snapshot_layout.h"
#include "daemon/table/slices.h"
#include "tests/fuzz/fuzz.h"

#define RUN 7u
#define FILE_MAX ((size_t)1 << 20)
#define HEAD_BYTES 3u

struct file {
    uint8_t bytes[FILE_MAX];
    size_t len;
    uint64_t seed;
    struct snapshot_counts counts;
};

static struct file journal;
static struct file snapshot;

static void demand(bool holds)
{
    if (!holds)
        abort();
}

/* ---- the files ------------------------------------------------------------------ */

static void add_to_journal(const uint8_t *payload, size_t len)
{
    uint8_t *at = journal.bytes + journal.len;
    const struct block_header header = {
        .payload_bytes = (uint32_t)len,
        .number = journal.counts.blocks++,
        .settled = journal.len,
        .payload_checksum = XXH3_64bits_withSeed(payload, len, journal.seed),
    };
    block_put_header(at, &header, journal.seed);
    memcpy(at + BLOCK_HEADER_BYTES, payload, len);
    journal.len += (size_t)block_bytes((uint32_t)len);
}

static void add_to_snapshot(enum snapshot_kind kind, const uint8_t *payload, size_t len,
                            uint32_t unpacked)
{
    uint8_t *at = snapshot.bytes + snapshot.len;
    const struct snapshot_block block = {
        .kind = kind,
        .stored_bytes = (uint32_t)len,
        .unpacked_bytes = unpacked,
        .number = snapshot.counts.blocks++,
        .checksum = snapshot_checksum(payload, len, snapshot.seed),
    };
    snapshot_put_block(at, &block, snapshot.seed);
    memcpy(at + SNAPSHOT_BLOCK_HEADER_BYTES, payload, len);
    snapshot.counts.checksum = snapshot_chain(snapshot.counts.checksum, block.checksum);
    snapshot.len += SNAPSHOT_BLOCK_HEADER_BYTES + (size_t)snapshot_padded(block.stored_bytes);
}

static void add_block(uint8_t kind, const uint8_t *payload, size_t len)
{
    if (len == 0)
        return;
    if (kind == 0)
        add_to_journal(payload, len);
    else if (kind < 3)
        add_to_snapshot((enum snapshot_kind)kind, payload, len, (uint32_t)len);
    else if (len > 2)
        add_to_snapshot(SNAPSHOT_ROWS, payload + 2, len - 2,
                        payload[0] | (uint32_t)payload[1] << 8);
}

/* Makes both files; whether there is a snapshot. */
static bool make_files(const uint8_t *data, size_t size)
{
    const struct segment_header segment = { .number = 1, .run = RUN };
    const struct snapshot_header header = { .number = 1, .run = RUN, .next_table_id = 2 };
    uint8_t footer[SNAPSHOT_FOOTER_BYTES];
    memset(&journal, 0, sizeof journal);
    memset(&snapshot, 0, sizeof snapshot);
    journal.seed = segment_put_header(journal.bytes, &segment);
    journal.len = SEGMENT_HEADER_BYTES;
    snapshot.seed = snapshot_put_header(snapshot.bytes, &header);
    snapshot.len = SNAPSHOT_HEADER_BYTES;
    while (size > HEAD_BYTES) {
        size_t len = data[1] | (size_t)data[2] << 8;
        size_t left = size - HEAD_BYTES;
        len = len < left ? len : left;
        add_block(data[0] & 3, data + HEAD_BYTES, len);
        data += HEAD_BYTES + len;
        size = left - len;
    }
    snapshot_put_counts(footer, &snapshot.counts);
    bool has_blocks = snapshot.counts.blocks > 0;
    add_to_snapshot(SNAPSHOT_FOOTER, footer, sizeof footer, sizeof footer);
    return has_blocks;
}

static void write_file(int directory, const char *name, const struct file *file)
{
    int fd = openat(directory, name, O_CREAT | O_WRONLY, 0600);
    demand(fd >= 0 && write(fd, file->bytes, file->len) == (ssize_t)file->len);
    close(fd);
}

/* ---- what comes of them --------------------------------------------------------- */

static uint32_t check_row(const struct slice_row *row, void *arg)
{
    const struct sketch_shape *shape = arg;
    demand(row->key.len <= KEY_MAX_BYTES);
    for (uint32_t i = 0; i < row->count; i++) {
        struct estimate estimate = cell_estimate(&row->cells[i], shape);
        demand(estimate.value >= 0 && !isnan(estimate.value));
    }
    return row->count;
}

static void check_tables(struct catalog *catalog)
{
    static struct slices slices;
    struct table **tables;
    struct slice slice;
    size_t count;
    uint64_t next_id;
    demand(catalog_list_all(catalog, &tables, &count, &next_id));
    for (size_t i = 0; i < count; i++) {
        demand(table_id(tables[i]) < next_id);
        slices_begin(&slices, tables[i]);
        while (slices_next(&slices, check_row, (void *)table_shape(tables[i]), &slice))
            continue;
        table_unref(tables[i]);
    }
    free(tables);
}

static void recover_all(int directory)
{
    const struct recovery_options options = {
        .path = "fuzz", .threads = 1, .leaves_files = true, .saves = true
    };
    struct recovery_result result;
    struct error err = { 0 };
    struct catalog *catalog = catalog_new(UINT32_MAX, 3);
    demand(catalog != NULL);
    enum status status = recover(directory, catalog, &options, &result, &err);
    demand(status == ST_OK || err.text[0] != '\0');
    check_tables(catalog);
    catalog_free(catalog);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[] = "/tmp/cardinal-fuzz-XXXXXX";
    char names[2][STORE_NAME_BYTES];
    if (size > FILE_MAX / 32 || mkdtemp(path) == NULL)
        return 0;
    int directory = open(path, O_RDONLY | O_DIRECTORY);
    store_segment_name(names[0], 1);
    store_snapshot_name(names[1], 1);
    if (make_files(data, size))
        write_file(directory, names[1], &snapshot);
    write_file(directory, names[0], &journal);
    recover_all(directory);
    unlinkat(directory, names[0], 0);
    unlinkat(directory, names[1], 0);
    close(directory);
    rmdir(path);
    return 0;
}
