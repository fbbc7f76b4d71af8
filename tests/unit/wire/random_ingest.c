#include "tests/unit/wire/random_ingest.h"

#include <stdbool.h>
#include <string.h>

/* Bytes being written; what does not fit is dropped, which makes one more kind
 * of broken message. */
struct bytes {
    uint8_t *data;
    size_t len;
    size_t size;
};

static uint32_t draw(uint64_t *state, uint32_t below)
{
    *state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    uint64_t z = *state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ z >> 31) % below);
}

static bool one_in(uint64_t *state, uint32_t n)
{
    return draw(state, n) == 0;
}

static void put(struct bytes *b, const void *bytes, size_t len)
{
    if (len > b->size - b->len)
        return;
    memcpy(b->data + b->len, bytes, len);
    b->len += len;
}

/* Now and then in more bytes than it takes. */
static void put_varint(struct bytes *b, uint64_t *state, uint64_t value)
{
    uint8_t out[10];
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        out[n++] = (uint8_t)(value | 0x80);
    out[n++] = (uint8_t)value;
    for (; n < 10 && one_in(state, 50); n++) {
        out[n - 1] |= 0x80;
        out[n] = 0;
    }
    put(b, out, n);
}

static void put_tag(struct bytes *b, uint64_t *state, uint32_t field, uint32_t type)
{
    if (one_in(state, 400))
        type = draw(state, 8);
    put_varint(b, state, field << 3 | type);
}

static void put_view(struct bytes *b, uint64_t *state, uint32_t field, const void *bytes,
                     size_t len)
{
    put_tag(b, state, field, 2);
    put_varint(b, state, one_in(state, 500) ? draw(state, 300) : len);
    put(b, bytes, len);
}

static void put_unknown(struct bytes *b, uint64_t *state)
{
    uint32_t field = 6 + draw(state, 3000);
    switch (draw(state, 4)) {
    case 0:
        put_varint(b, state, field << 3);
        put_varint(b, state, draw(state, UINT32_MAX));
        break;
    case 1:
        put_varint(b, state, field << 3 | 1);
        put(b, "12345678", 8);
        break;
    case 2:
        put_view(b, state, field, "unknown", 7);
        break;
    default:
        put_varint(b, state, field << 3 | 5);
        put(b, "1234", 4);
        break;
    }
}

static void put_word(struct bytes *b, uint64_t *state)
{
    static const char *const awkward[] = {
        "\0\0\0\0\0\0\0\0",         /* 0.0 */
        "\0\0\0\0\0\0\0\x80",       /* -0.0 */
        "\0\0\0\0\0\0\xf8\x7f",     /* NaN */
        "\x34\x12\0\0\0\0\xf8\xff", /* another one */
    };
    uint32_t word[2] = { draw(state, UINT32_MAX), draw(state, 3) };
    if (one_in(state, 4))
        put(b, awkward[draw(state, 4)], 8);
    else
        put(b, word, 8);
}

static uint64_t draw_int(uint64_t *state)
{
    uint64_t value = (uint64_t)draw(state, UINT32_MAX) << 32 | draw(state, UINT32_MAX);
    return value >> draw(state, 64);
}

/* A run of up to five fixed64 or doubles in one field, or one by itself. */
static void put_words(struct bytes *b, uint64_t *state, uint32_t field)
{
    uint8_t run[64];
    struct bytes words = { run, 0, sizeof run };
    if (one_in(state, 3)) {
        put_tag(b, state, field, 1);
        put_word(b, state);
        return;
    }
    for (uint32_t n = draw(state, 6); n > 0; n--)
        put_word(&words, state);
    if (one_in(state, 200))
        put(&words, "odd", 3);
    put_view(b, state, field, run, words.len);
}

static void put_ints(struct bytes *b, uint64_t *state)
{
    uint8_t run[64];
    struct bytes ints = { run, 0, sizeof run };
    if (one_in(state, 3)) {
        put_tag(b, state, 4, 0);
        put_varint(b, state, draw_int(state));
        return;
    }
    for (uint32_t n = draw(state, 6); n > 0; n--)
        put_varint(&ints, state, draw_int(state));
    if (one_in(state, 200))
        put(&ints, "\x80", 1);
    put_view(b, state, 4, run, ints.len);
}

static void put_cell(struct bytes *row, uint64_t *state, uint32_t column, bool hashes)
{
    uint8_t cell[512];
    struct bytes b = { cell, 0, sizeof cell };
    if (one_in(state, 300))
        column = draw(state, 20);
    for (uint32_t n = draw(state, 4); n > 0; n--) {
        uint32_t kind = draw(state, 5);
        if (kind == 0 && hashes)
            put_words(&b, state, 2);
        else if (kind <= 1)
            put_view(&b, state, 3, "some text here", draw(state, 15));
        else if (kind == 2)
            put_ints(&b, state);
        else if (kind == 3)
            put_words(&b, state, 5);
        else if (one_in(state, 3))
            put_unknown(&b, state);
        if (one_in(state, 10)) {
            put_tag(&b, state, 1, 0);
            put_varint(&b, state, draw(state, 7));
        }
    }
    if (column > 0 || one_in(state, 2)) {
        put_tag(&b, state, 1, 0);
        put_varint(&b, state, column);
    }
    put_view(row, state, 2, cell, b.len);
}

static void put_row(struct bytes *message, uint64_t *state, uint32_t columns, bool hashes)
{
    static const uint8_t key[1030];
    uint8_t row[2048];
    struct bytes b = { row, 0, sizeof row };
    uint32_t first = draw(state, columns);
    uint32_t cells = draw(state, columns + 1);
    for (uint32_t i = 0; i < cells; i++) {
        put_cell(&b, state, (first + i) % columns, hashes);
        if (one_in(state, 4))
            put_view(&b, state, 1, "key and more", draw(state, 13));
        if (one_in(state, 300))
            put_view(&b, state, 1, key, 1020 + draw(state, 10));
        if (one_in(state, 20))
            put_unknown(&b, state);
    }
    put_view(message, state, 4, row, b.len);
}

static void put_columns(struct bytes *b, uint64_t *state, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        char name[] = { 'c', (char)('a' + i), '.', '9' };
        if (one_in(state, 300))
            name[draw(state, 4)] = (char)draw(state, 256);
        put_view(b, state, 3, name, one_in(state, 300) ? draw(state, 3) : 4);
    }
}

static void put_message(struct bytes *b, uint64_t *state)
{
    uint32_t columns = 1 + draw(state, 4);
    bool hashes = one_in(state, 2);
    bool columns_first = one_in(state, 2);
    if (columns_first)
        put_columns(b, state, columns);
    for (uint32_t n = draw(state, 5); n > 0; n--) {
        put_row(b, state, columns, hashes);
        if (one_in(state, 10))
            put_unknown(b, state);
    }
    if (!columns_first)
        put_columns(b, state, columns);
    put_view(b, state, 1, "visits", one_in(state, 200) ? 0 : 6);
    if (hashes || one_in(state, 2)) {
        put_tag(b, state, 2, 0);
        put_varint(b, state, one_in(state, 100) ? 0 : draw_int(state));
    }
    if (one_in(state, 4)) {
        put_tag(b, state, 5, 0);
        put_varint(b, state, one_in(state, 50) ? draw_int(state) : draw(state, 3));
    }
}

size_t random_ingest(uint64_t *state, uint8_t out[RANDOM_INGEST_MAX])
{
    struct bytes b = { out, 0, RANDOM_INGEST_MAX };
    put_message(&b, state);
    if (b.len > 0 && one_in(state, 4))
        out[draw(state, (uint32_t)b.len)] = (uint8_t)draw(state, 256);
    return b.len > 0 && one_in(state, 10) ? draw(state, (uint32_t)b.len) : b.len;
}
