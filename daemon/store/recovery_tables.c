/* The tables under way, by their ids. */
#include <stdlib.h>
#include <string.h>

#include "daemon/store/recovery_impl.h"

/* Where the table of that id is, or belongs. */
static size_t place_of(const struct recovery *recovery, uint64_t id)
{
    size_t low = 0;
    size_t high = recovery->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (recovery->tables[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct table *recovery_find(const struct recovery *recovery, uint64_t id)
{
    size_t at = place_of(recovery, id);
    bool found = at < recovery->count && recovery->tables[at].id == id;
    return found ? recovery->tables[at].table : NULL;
}

static enum status add_table(struct recovery *recovery, const struct table_image *image,
                             struct error *err)
{
    if (recovery->count == recovery->room) {
        size_t room = recovery->room == 0 ? 16 : recovery->room * 2;
        struct kept_table *tables = realloc(recovery->tables, room * sizeof *tables);
        if (tables == NULL)
            return error_nomem(err);
        recovery->tables = tables;
        recovery->room = room;
    }
    struct table *table;
    enum status status =
        table_restore(recovery->catalog, image, recovery->options->bury, &table, err);
    if (status != ST_OK)
        return status;
    size_t at = place_of(recovery, image->id);
    memmove(&recovery->tables[at + 1], &recovery->tables[at],
            (recovery->count - at) * sizeof *recovery->tables);
    recovery->tables[at] = (struct kept_table){ image->id, table };
    recovery->count++;
    return ST_OK;
}

enum status recovery_take_image(struct recovery *recovery, const struct table_image *image,
                                struct error *err)
{
    struct table *table = recovery_find(recovery, image->id);
    if (image->id >= recovery->next_seen_id)
        recovery->next_seen_id = image->id + 1;
    if (table == NULL)
        return add_table(recovery, image, err);
    if (image->version <= table_version(table))
        return ST_OK;
    return table_restore_image(table, image, err);
}

bool recovery_is_gone(const struct recovery *recovery, uint64_t id)
{
    return id < recovery->next_table_id && recovery_find(recovery, id) == NULL;
}

void recovery_drop(struct recovery *recovery, uint64_t id)
{
    size_t at = place_of(recovery, id);
    if (at == recovery->count || recovery->tables[at].id != id)
        return;
    table_unref(recovery->tables[at].table);
    recovery->count--;
    memmove(&recovery->tables[at], &recovery->tables[at + 1],
            (recovery->count - at) * sizeof *recovery->tables);
}

enum status recovery_admit(struct recovery *recovery, struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < recovery->count && status == ST_OK; i++)
        status = catalog_admit(recovery->catalog, recovery->tables[i].table, err);
    if (status == ST_OK)
        catalog_raise_next_id(recovery->catalog, recovery->next_seen_id);
    recovery->result.tables = recovery->count;
    return status;
}
