#include "daemon/store/snapshot_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "daemon/store/directory.h"
#include "daemon/store/disk.h"

#define PACK_LEVEL 1         /* packs as fast as a disk writes */
#define PACK_BYTES_MIN 1024u /* less is not worth it */

static enum status fail(const struct snapshot_file *file, const char *what, int rc,
                        struct error *err)
{
    char name[STORE_NAME_BYTES];
    store_snapshot_tmp_name(name, file->number);
    return error_set(err, ST_INTERNAL, "cannot %s '%s': %s", what, name, strerror(rc));
}

static enum status write_bytes(struct snapshot_file *file, void *bytes, size_t len,
                               struct error *err)
{
    struct iovec piece = { bytes, len };
    int rc = disk_write(file->fd, &piece, 1, FAILPOINT_SNAPSHOT_WRITE);
    if (rc != 0)
        return fail(file, "write", rc, err);
    file->bytes += len;
    return ST_OK;
}

enum status snapshot_file_begin(struct snapshot_file *file, int directory,
                                const struct snapshot_header *header, struct error *err)
{
    char name[STORE_NAME_BYTES];
    uint8_t bytes[SNAPSHOT_HEADER_BYTES];
    *file = (struct snapshot_file){ .directory = directory, .fd = -1, .number = header->number };
    file->packer = ZSTD_createCCtx();
    if (file->packer == NULL)
        return error_nomem(err);
    store_snapshot_tmp_name(name, header->number);
    file->fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file->fd < 0)
        return fail(file, "create", errno, err);
    file->seed = snapshot_put_header(bytes, header);
    return write_bytes(file, bytes, sizeof bytes, err);
}

static bool reserve(struct snapshot_file *file, size_t room)
{
    if (room <= file->room)
        return true;
    uint8_t *packed = realloc(file->packed, room);
    if (packed == NULL)
        return false;
    file->packed = packed;
    file->room = room;
    return true;
}

/* Puts the payload behind the room for the header, packed if that makes it smaller. */
static size_t pack(struct snapshot_file *file, const uint8_t *payload, size_t len)
{
    uint8_t *out = file->packed + SNAPSHOT_BLOCK_HEADER_BYTES;
    size_t room = file->room - SNAPSHOT_BLOCK_HEADER_BYTES;
    if (len >= PACK_BYTES_MIN) {
        size_t n = ZSTD_compressCCtx(file->packer, out, room, payload, len, PACK_LEVEL);
        if (!ZSTD_isError(n) && n < len)
            return n;
    }
    memcpy(out, payload, len);
    return len;
}

enum status snapshot_file_add(struct snapshot_file *file, enum snapshot_kind kind,
                              const uint8_t *payload, size_t len, struct error *err)
{
    if (len == 0 || len > SNAPSHOT_PAYLOAD_MAX)
        return error_set(err, ST_INTERNAL, "a block of %zu bytes cannot be written", len);
    if (!reserve(file, SNAPSHOT_BLOCK_HEADER_BYTES + ZSTD_compressBound(len) + SNAPSHOT_ALIGN))
        return error_nomem(err);
    size_t stored = pack(file, payload, len);
    struct snapshot_block block = {
        .kind = kind,
        .stored_bytes = (uint32_t)stored,
        .unpacked_bytes = (uint32_t)len,
        .number = file->counts.blocks,
        .checksum =
            snapshot_checksum(file->packed + SNAPSHOT_BLOCK_HEADER_BYTES, stored, file->seed),
    };
    snapshot_put_block(file->packed, &block, file->seed);
    size_t padded = snapshot_padded(block.stored_bytes);
    memset(file->packed + SNAPSHOT_BLOCK_HEADER_BYTES + stored, 0, padded - stored);
    file->counts.blocks++;
    file->counts.checksum = snapshot_chain(file->counts.checksum, block.checksum);
    return write_bytes(file, file->packed, SNAPSHOT_BLOCK_HEADER_BYTES + padded, err);
}

enum status snapshot_file_finish(struct snapshot_file *file, struct error *err)
{
    uint8_t footer[SNAPSHOT_FOOTER_BYTES];
    char from[STORE_NAME_BYTES];
    char to[STORE_NAME_BYTES];
    snapshot_put_counts(footer, &file->counts);
    enum status status = snapshot_file_add(file, SNAPSHOT_FOOTER, footer, sizeof footer, err);
    if (status != ST_OK)
        return status;
    int rc = disk_sync(file->fd, FAILPOINT_SNAPSHOT_SYNC);
    if (rc != 0)
        return fail(file, "sync", rc, err);
    store_snapshot_tmp_name(from, file->number);
    store_snapshot_name(to, file->number);
    rc = disk_rename(file->directory, from, to);
    return rc == 0 ? ST_OK : fail(file, "rename", rc, err);
}

void snapshot_file_release(struct snapshot_file *file)
{
    char name[STORE_NAME_BYTES];
    if (file->fd >= 0) {
        close(file->fd);
        store_snapshot_tmp_name(name, file->number);
        (void)disk_remove(file->directory, name); /* renamed, where it was finished */
    }
    ZSTD_freeCCtx(file->packer);
    free(file->packed);
}
