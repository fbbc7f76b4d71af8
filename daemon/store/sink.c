/* What a store does with the changes it is told: one record each, appended to the
 * queue of the stream. A change that finds no memory makes the journal useless from
 * there on, which the flusher sees to. */
#include "daemon/sketch/dump.h"
#include "daemon/store/record.h"
#include "daemon/store/store_impl.h"

/* An append under way. */
struct appending {
    struct store *store;
    struct append_queue *queue; /* locked */
    bool is_new;                /* it began a chunk, and not the queue's only one */
};

static bool continues(const struct append_queue *queue, const struct change_place *place)
{
    return queue->has_place && queue->next.sequence == place->sequence &&
           queue->next.table_id == place->table_id && queue->next.stream == place->stream;
}

/* Room for that many records of n bytes in all, their place written; NULL without
 * memory, with nothing locked. */
static uint8_t *begin(struct appending *appending, struct change_sink *sink,
                      const struct change_place *place, size_t records, size_t n)
{
    struct store *store = (struct store *)sink;
    struct append_queue *queue = &store->queues[place->stream % QUEUE_COUNT];
    bool is_new;
    pthread_mutex_lock(&queue->lock);
    uint8_t *at = append_room(queue, &store->pool, RECORD_PLACE_MAX + n, &is_new);
    if (at == NULL) {
        atomic_store(&store->has_lost, true);
        pthread_mutex_unlock(&queue->lock);
        store_nudge(store);
        return NULL;
    }
    *appending = (struct appending){ store, queue, is_new && queue->first != queue->last };
    if (!continues(queue, place)) {
        at = record_put_place(at, place);
        queue->next = *place;
        queue->has_place = true;
    }
    queue->next.sequence += records;
    return at;
}

static void end(const struct appending *appending, const uint8_t *at)
{
    append_done(appending->queue, at);
    pthread_mutex_unlock(&appending->queue->lock);
    if (appending->is_new)
        store_nudge(appending->store);
}

static void on_row_new(struct change_sink *sink, const struct change_place *place,
                       const struct change_row *row)
{
    struct appending appending;
    uint8_t *at = begin(&appending, sink, place, 1, RECORD_ROW_NEW_MAX(row->key.len));
    if (at != NULL)
        end(&appending, record_put_row_new(at, row->id, row->key));
}

static void on_row_moved(struct change_sink *sink, const struct change_place *place,
                         const struct change_row *row, uint32_t was)
{
    struct appending appending;
    uint8_t *at = begin(&appending, sink, place, 1, RECORD_ROW_MAX);
    if (at != NULL)
        end(&appending, record_put_row_moved(at, was, row->id));
}

static void on_cells_changed(struct change_sink *sink, const struct change_place *place,
                             const struct change_cell *cells, size_t n, const uint32_t *codes)
{
    struct appending appending;
    size_t code_count = 0;
    for (size_t i = 0; i < n; i++)
        code_count += cells[i].count;
    uint8_t *at =
        begin(&appending, sink, place, n, n * RECORD_CODES_MAX(0) + RECORD_CODES_MAX(code_count));
    if (at == NULL)
        return;
    for (size_t i = 0; i < n; i++) {
        at = record_put_codes(at, cells[i].row, cells[i].column_id, codes, cells[i].count);
        codes += cells[i].count;
    }
    end(&appending, at);
}

static void on_cell_merged(struct change_sink *sink, const struct change_place *place,
                           const struct change_row *row, uint32_t column_id,
                           const struct cell *from, const struct sketch_shape *shape)
{
    struct appending appending;
    size_t most = cell_dump_bound(from, shape);
    uint8_t *at = begin(&appending, sink, place, 1, RECORD_MERGED_MAX(most));
    if (at == NULL)
        return;
    /* The length comes first and is known last: a bound of as many digits serves. */
    uint8_t *dump = record_put_merged(at, row->id, column_id, most);
    size_t len = cell_dump(from, shape, dump);
    uint8_t *begins = record_put_merged(at, row->id, column_id, len);
    if (begins != dump)
        memmove(begins, dump, len);
    end(&appending, begins + len);
}

static void on_row_removed(struct change_sink *sink, const struct change_place *place,
                           const struct change_row *row)
{
    struct appending appending;
    uint8_t *at = begin(&appending, sink, place, 1, RECORD_ROW_MAX);
    if (at != NULL)
        end(&appending, record_put_row_removed(at, row->id));
}

static enum status append_table(struct change_sink *sink, enum record_op op,
                                const struct table_image *image)
{
    struct store *store = (struct store *)sink;
    bool is_new;
    pthread_mutex_lock(&store->tables.lock);
    uint8_t *at = append_room(&store->tables, &store->pool, RECORD_TABLE_MAX, &is_new);
    if (at != NULL)
        append_done(&store->tables, op == RECORD_TABLE_DROPPED
                                        ? record_put_table_dropped(at, image->id)
                                        : record_put_table(at, op, image));
    pthread_mutex_unlock(&store->tables.lock);
    return at != NULL ? ST_OK : ST_RESOURCE_EXHAUSTED;
}

static enum status on_table_created(struct change_sink *sink, const struct table_image *image)
{
    return append_table(sink, RECORD_TABLE_CREATED, image);
}

static enum status on_table_altered(struct change_sink *sink, const struct table_image *image)
{
    return append_table(sink, RECORD_TABLE_ALTERED, image);
}

static enum status on_table_dropped(struct change_sink *sink, uint64_t table_id)
{
    const struct table_image image = { .id = table_id };
    return append_table(sink, RECORD_TABLE_DROPPED, &image);
}

void store_init_sink(struct change_sink *sink)
{
    *sink = (struct change_sink){
        .row_new = on_row_new,
        .row_moved = on_row_moved,
        .cells_changed = on_cells_changed,
        .cell_merged = on_cell_merged,
        .row_removed = on_row_removed,
        .table_created = on_table_created,
        .table_altered = on_table_altered,
        .table_dropped = on_table_dropped,
    };
}
