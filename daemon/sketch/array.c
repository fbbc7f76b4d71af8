#include "daemon/sketch/array.h"

#include <string.h>

#include "daemon/memory/heap.h"
#include "daemon/sketch/token.h"
#include "daemon/sketch/word.h"

/* Tokens that there is room for with n of them: what the heap's steps of 16
 * bytes hold anyway. */
static uint32_t array_room(uint32_t n)
{
    return (n + 3) & ~3u;
}

size_t array_bytes(uint32_t count)
{
    return heap_block_bytes(array_room(count) * sizeof(uint32_t));
}

enum status array_build(uint64_t *word, const uint32_t *tokens, uint32_t n)
{
    uint32_t *array = heap_alloc(array_room(n) * sizeof *array);
    if (array == NULL)
        return ST_RESOURCE_EXHAUSTED;
    memcpy(array, tokens, n * sizeof *array);
    *word = word_of_list(CELL_ARRAY, array, n);
    return ST_OK;
}

uint32_t tokens_find(const uint32_t *tokens, uint32_t n, uint32_t token, bool *found)
{
    uint32_t key = token >> TOKEN_RHO_BITS;
    uint32_t at = 0;
    for (uint32_t left = n; left > 0;) {
        uint32_t half = left / 2;
        if (tokens[at + half] >> TOKEN_RHO_BITS < key) {
            at += half + 1;
            left -= half + 1;
        } else {
            left = half;
        }
    }
    *found = at < n && token_same(tokens[at], token);
    return at;
}

enum status array_add(uint64_t *word, uint32_t token, bool *changed)
{
    uint32_t *array = word_address(*word);
    uint32_t n = word_count(*word);
    bool found;
    uint32_t at = tokens_find(array, n, token, &found);
    if (found) {
        *changed = token > array[at];
        if (*changed)
            array[at] = token;
        return ST_OK;
    }
    if (array_room(n + 1) > array_room(n)) {
        array = heap_realloc(array, array_room(n + 1) * sizeof *array);
        if (array == NULL)
            return ST_RESOURCE_EXHAUSTED;
    }
    memmove(array + at + 1, array + at, (n - at) * sizeof *array);
    array[at] = token;
    *word = word_of_list(CELL_ARRAY, array, n + 1);
    *changed = true;
    return ST_OK;
}
