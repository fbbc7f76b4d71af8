#include "daemon/store/row_names.h"

#include <stdlib.h>
#include <string.h>

#define ROW_NAME_FREE UINT32_MAX
#define BITS_FIRST 5u
#define CHUNK_BYTES ((size_t)64 << 10)

struct key_chunk {
    struct key_chunk *next;
    uint8_t bytes[];
};

void key_store_release(struct key_store *keys)
{
    while (keys->chunks != NULL) {
        struct key_chunk *chunk = keys->chunks;
        keys->chunks = chunk->next;
        free(chunk);
    }
    keys->used = 0;
}

/* A copy of the key, or NULL without memory. */
static const uint8_t *keep(struct key_store *keys, struct bytes_view key)
{
    if (keys->chunks == NULL || CHUNK_BYTES - keys->used < key.len) {
        struct key_chunk *chunk = malloc(sizeof *chunk + CHUNK_BYTES);
        if (chunk == NULL)
            return NULL;
        chunk->next = keys->chunks;
        keys->chunks = chunk;
        keys->used = 0;
    }
    uint8_t *copy = keys->chunks->bytes + keys->used;
    if (key.len > 0)
        memcpy(copy, key.data, key.len);
    keys->used += key.len;
    return copy;
}

void row_names_init(struct row_names *names)
{
    *names = (struct row_names){ NULL, 0, 0 };
}

void row_names_release(struct row_names *names)
{
    free(names->places);
    row_names_init(names);
}

static uint32_t home(uint32_t id, uint32_t bits)
{
    return id * UINT32_C(0x9e3779b1) >> (32 - bits);
}

/* The place of the number, or the free one where it belongs. */
static uint32_t find(const struct row_names *names, uint32_t id)
{
    uint32_t mask = (1u << names->bits) - 1;
    uint32_t at = home(id, names->bits);
    while (names->places[at].len != ROW_NAME_FREE && names->places[at].id != id)
        at = (at + 1) & mask;
    return at;
}

static bool grow(struct row_names *names)
{
    struct row_names more = { NULL, names->bits == 0 ? BITS_FIRST : names->bits + 1, names->count };
    if (more.bits > 31)
        return false;
    size_t room = (size_t)1 << more.bits;
    more.places = malloc(room * sizeof *more.places);
    if (more.places == NULL)
        return false;
    memset(more.places, 0xff, room * sizeof *more.places); /* ROW_NAME_FREE throughout */
    for (size_t i = 0; names->places != NULL && i < (size_t)1 << names->bits; i++) {
        if (names->places[i].len != ROW_NAME_FREE)
            more.places[find(&more, names->places[i].id)] = names->places[i];
    }
    free(names->places);
    *names = more;
    return true;
}

static bool put(struct row_names *names, const struct row_name *name)
{
    if (names->places == NULL || names->count >= (1u << names->bits) / 4 * 3) {
        if (!grow(names))
            return false;
    }
    uint32_t at = find(names, name->id);
    names->count += names->places[at].len == ROW_NAME_FREE;
    names->places[at] = *name;
    return true;
}

bool row_names_set(struct row_names *names, struct key_store *keys, uint32_t id,
                   struct bytes_view key)
{
    struct row_name name = { id, (uint32_t)key.len, keep(keys, key) };
    return name.key != NULL && put(names, &name);
}

bool row_names_get(const struct row_names *names, uint32_t id, struct bytes_view *key)
{
    if (names->places == NULL)
        return false;
    const struct row_name *name = &names->places[find(names, id)];
    if (name->len == ROW_NAME_FREE)
        return false;
    *key = (struct bytes_view){ name->key, name->len };
    return true;
}

void row_names_forget(struct row_names *names, uint32_t id)
{
    if (names->places == NULL)
        return;
    uint32_t mask = (1u << names->bits) - 1;
    uint32_t at = find(names, id);
    if (names->places[at].len == ROW_NAME_FREE)
        return;
    names->count--;
    /* Moves up what was filed behind because this place was taken. */
    for (uint32_t next = (at + 1) & mask; names->places[next].len != ROW_NAME_FREE;
         next = (next + 1) & mask) {
        uint32_t wanted = home(names->places[next].id, names->bits);
        if (((next - wanted) & mask) >= ((next - at) & mask)) {
            names->places[at] = names->places[next];
            at = next;
        }
    }
    names->places[at].len = ROW_NAME_FREE;
}

bool row_names_move(struct row_names *names, uint32_t was, uint32_t is)
{
    struct bytes_view key;
    if (!row_names_get(names, was, &key)) {
        row_names_forget(names, is);
        return true;
    }
    struct row_name name = { is, (uint32_t)key.len, key.data };
    row_names_forget(names, was);
    return put(names, &name);
}
