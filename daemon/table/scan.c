#include <stdlib.h>
#include <string.h>

#include "daemon/table/table_impl.h"

#define BUFFER_ROWS 64u       /* of a shard, read under one hold of its lock */
#define BUFFER_ESTIMATES 512u /* likewise */
#define ROW_KEY_BYTES 64u     /* room for a buffered key, on average */
#define AHEAD 8u              /* rows fetched ahead */

/* The next rows of one shard. */
struct stream {
    struct shard *shard;
    uint32_t next; /* of the rows read */
    uint32_t count;
    bool ended; /* nothing after the rows read */
    struct bytes_view *keys;
    struct estimate *estimates;
    uint8_t *bytes; /* of the keys */
};

/* A page on its way: the streams that have rows, as a heap by their next key. */
struct scan {
    struct table *table;
    const struct selector *selector;
    const struct bytes_view *after;
    struct column_set *columns;
    uint32_t rows_max; /* of a stream */
    size_t bytes_max;
    uint32_t heap_count;
    struct stream *heap[SHARD_COUNT];
    uint32_t stream_count;
    struct stream streams[SHARD_COUNT];
    void *memory;
};

static struct bytes_view stream_key(const struct stream *stream)
{
    return stream->keys[stream->next];
}

static void sift_down(struct scan *scan, uint32_t at)
{
    struct stream *moved = scan->heap[at];
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= scan->heap_count)
            break;
        if (child + 1 < scan->heap_count &&
            key_compare(stream_key(scan->heap[child + 1]), stream_key(scan->heap[child])) < 0)
            child++;
        if (key_compare(stream_key(moved), stream_key(scan->heap[child])) <= 0)
            break;
        scan->heap[at] = scan->heap[child];
        at = child;
    }
    scan->heap[at] = moved;
}

/* Where the stream goes on: after its last row, or where the page begins. */
static struct order_place stream_seek(const struct scan *scan, const struct stream *stream)
{
    const struct shard *shard = stream->shard;
    if (stream->count > 0)
        return order_seek(&shard->order, &shard->rows, stream->keys[stream->count - 1], true);
    struct order_place first = selector_seek(scan->selector, shard);
    if (scan->after == NULL)
        return first;
    struct order_place later = order_seek(&shard->order, &shard->rows, *scan->after, true);
    bool is_later =
        later.leaf > first.leaf || (later.leaf == first.leaf && later.entry > first.entry);
    return is_later ? later : first;
}

/* Reads the stream's next rows, with the shard locked. */
static void stream_read(const struct scan *scan, struct stream *stream)
{
    const struct pool *pool = &stream->shard->rows;
    const struct order *order = &stream->shard->order;
    struct order_place place = stream_seek(scan, stream);
    size_t used = 0;
    stream->next = stream->count = 0;
    while (stream->count < scan->rows_max) {
        order_prefetch(order, pool, &place, AHEAD);
        uint32_t ref = order_next(order, &place);
        const struct row *row = ref == 0 ? NULL : pool_at(pool, ref);
        if (row == NULL || !selector_matches(scan->selector, row_key(row))) {
            stream->ended = true;
            return;
        }
        struct bytes_view key = row_key(row);
        if (used + key.len > scan->bytes_max)
            return;
        memcpy(stream->bytes + used, key.data, key.len);
        stream->keys[stream->count] = (struct bytes_view){ stream->bytes + used, key.len };
        row_estimates(scan->table, row, scan->columns,
                      stream->estimates + (size_t)stream->count * scan->columns->count);
        stream->count++;
        used += key.len;
    }
}

static void stream_fill(const struct scan *scan, struct stream *stream)
{
    shard_lock(stream->shard, HOLD_QUERY);
    schema_refresh(&scan->table->schema, scan->columns);
    stream_read(scan, stream);
    shard_unlock(stream->shard);
}

/* Gives each shard that has keys a stream with buffers for its share of a page. */
static bool scan_init(struct scan *scan, size_t limit)
{
    struct shard_set *shards = &scan->table->shards;
    for (uint32_t i = 0; i < SHARD_COUNT; i++) {
        struct shard *shard = shard_set_get(shards, i);
        if (shard != NULL)
            scan->streams[scan->stream_count++] = (struct stream){ .shard = shard };
    }
    size_t count = scan->stream_count;
    size_t columns = scan->columns->count == 0 ? 1 : scan->columns->count;
    size_t rows = count == 0 ? 1 : limit / count + limit / (2 * count) + 2;
    rows = rows < BUFFER_ROWS ? rows : BUFFER_ROWS;
    rows = rows * columns <= BUFFER_ESTIMATES ? rows : BUFFER_ESTIMATES / columns;
    size_t key_bytes = rows * ROW_KEY_BYTES + KEY_MAX_BYTES;
    size_t each = rows * (sizeof(struct bytes_view) + columns * sizeof(struct estimate));
    scan->memory = malloc(count * (each + key_bytes) + 1);
    if (scan->memory == NULL)
        return false;
    scan->rows_max = (uint32_t)rows;
    scan->bytes_max = key_bytes;
    struct estimate *estimates = scan->memory;
    struct bytes_view *keys = (struct bytes_view *)(estimates + count * rows * columns);
    uint8_t *bytes = (uint8_t *)(keys + count * rows);
    for (size_t i = 0; i < count; i++) {
        scan->streams[i].estimates = estimates + i * rows * columns;
        scan->streams[i].keys = keys + i * rows;
        scan->streams[i].bytes = bytes + i * key_bytes;
    }
    return true;
}

/* Reads the first rows of every stream and makes the heap. */
static enum status scan_begin(struct scan *scan, const struct task *task)
{
    enum status status = ST_OK;
    for (uint32_t i = 0; i < scan->stream_count && status == ST_OK; i++) {
        struct stream *stream = &scan->streams[i];
        stream_fill(scan, stream);
        if (stream->count > 0)
            scan->heap[scan->heap_count++] = stream;
        status = task_check(task);
    }
    for (uint32_t i = scan->heap_count / 2; i-- > 0;)
        sift_down(scan, i);
    return status;
}

/* Moves on from the first key, reading more of its stream if need be. */
static enum status scan_next(struct scan *scan, const struct task *task)
{
    struct stream *stream = scan->heap[0];
    enum status status = ST_OK;
    if (stream->next + 1 < stream->count) {
        stream->next++;
    } else {
        if (!stream->ended) {
            stream_fill(scan, stream);
            status = task_check(task);
        } else {
            stream->count = 0;
        }
        if (stream->count == 0)
            scan->heap[0] = scan->heap[--scan->heap_count];
    }
    if (scan->heap_count > 0)
        sift_down(scan, 0);
    return status;
}

enum status table_scan(struct table *table, const struct selector *selector,
                       const struct bytes_view *after, size_t limit, struct column_set *columns,
                       const struct task *task, table_scan_visit *visit, void *arg, bool *more,
                       struct error *err)
{
    struct scan scan;
    scan.table = table;
    scan.selector = selector;
    scan.after = after;
    scan.columns = columns;
    scan.heap_count = 0;
    scan.stream_count = 0;
    if (selector->kind == SELECTOR_LIST)
        return error_set(err, ST_INVALID_ARGUMENT, "a scan takes no list of keys");
    if (!scan_init(&scan, limit))
        return error_nomem(err);
    enum status status = scan_begin(&scan, task);
    for (size_t n = 0; n < limit && status == ST_OK && scan.heap_count > 0; n++) {
        const struct stream *first = scan.heap[0];
        if (!visit(stream_key(first), first->estimates + (size_t)first->next * columns->count, arg))
            break;
        status = scan_next(&scan, task);
    }
    if (status == ST_OK)
        *more = scan.heap_count > 0;
    free(scan.memory);
    return status == ST_OK ? ST_OK : error_set(err, status, "scan: %s", status_text((int)status));
}
