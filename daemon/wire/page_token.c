#include "daemon/wire/page_token.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>
#include <xxhash.h>

#define TOKEN_VERSION 1u
#define TABLE_AT 1u
#define FINGERPRINT_AT 9u
#define LAST_AT 17u
#define CHECK_BYTES 8u

static_assert(PAGE_TOKEN_MIN == LAST_AT + CHECK_BYTES, "the layout in the header");

static void put_word(uint8_t *at, uint64_t word)
{
    for (unsigned i = 0; i < 8; i++)
        at[i] = (uint8_t)(word >> (8 * i));
}

static uint64_t get_word(const uint8_t *at)
{
    uint64_t word = 0;
    for (unsigned i = 0; i < 8; i++)
        word |= (uint64_t)at[i] << (8 * i);
    return word;
}

static uint8_t first_byte(enum page_kind kind)
{
    return (uint8_t)(TOKEN_VERSION << 4 | (unsigned)kind);
}

/* Chained, so that where one view ends and the next begins counts too. */
static uint64_t fingerprint(uint64_t seed, struct bytes_view bytes)
{
    return XXH3_64bits_withSeed(bytes.data, bytes.len, seed + bytes.len);
}

static uint64_t selector_fingerprint(const struct selector *selector)
{
    uint64_t print = (uint64_t)selector->kind;
    switch (selector->kind) {
    case SELECTOR_LIST:
        for (size_t i = 0; i < selector->list_count; i++)
            print = fingerprint(print, selector->list[i]);
        return print;
    case SELECTOR_PREFIX:
        return fingerprint(print, selector->prefix);
    case SELECTOR_RANGE:
        return fingerprint(fingerprint(print, selector->from), selector->to);
    default:
        return print;
    }
}

struct page_scope page_scope_of_scan(uint64_t table_id, const struct selector *selector)
{
    assert(selector->kind != SELECTOR_LIST);
    return (struct page_scope){
        .kind = PAGE_OF_KEYS,
        .table_id = table_id,
        .fingerprint = selector_fingerprint(selector),
    };
}

struct page_scope page_scope_of_export(uint64_t table_id, const struct selector *selector,
                                       struct bytes_view column)
{
    return (struct page_scope){
        .kind = PAGE_OF_SKETCHES,
        .table_id = table_id,
        .fingerprint = fingerprint(selector_fingerprint(selector), column),
    };
}

struct page_scope page_scope_of_tables(struct bytes_view prefix)
{
    return (struct page_scope){
        .kind = PAGE_OF_TABLES,
        .fingerprint = fingerprint(0, prefix),
    };
}

size_t page_token_encode(const struct page_scope *scope, struct bytes_view last,
                         uint8_t out[PAGE_TOKEN_MAX])
{
    assert(last.len <= KEY_MAX_BYTES);
    out[0] = first_byte(scope->kind);
    put_word(out + TABLE_AT, scope->table_id);
    put_word(out + FINGERPRINT_AT, scope->fingerprint);
    if (last.len > 0)
        memcpy(out + LAST_AT, last.data, last.len);
    size_t len = LAST_AT + last.len;
    put_word(out + len, XXH3_64bits(out, len));
    return len + CHECK_BYTES;
}

enum status page_token_decode(const struct page_scope *scope, struct bytes_view token,
                              struct bytes_view *last, struct error *err)
{
    bool is_ours = token.len >= PAGE_TOKEN_MIN && token.len <= PAGE_TOKEN_MAX &&
                   token.data[0] == first_byte(scope->kind) &&
                   get_word(token.data + TABLE_AT) == scope->table_id &&
                   get_word(token.data + FINGERPRINT_AT) == scope->fingerprint;
    if (!is_ours || get_word(token.data + token.len - CHECK_BYTES) !=
                        XXH3_64bits(token.data, token.len - CHECK_BYTES))
        return error_set(err, ST_INVALID_ARGUMENT, "malformed page token");
    *last = (struct bytes_view){ token.data + LAST_AT, token.len - PAGE_TOKEN_MIN };
    return ST_OK;
}
