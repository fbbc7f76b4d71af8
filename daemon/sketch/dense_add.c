/* Hashes into registers: most raise nothing and must be turned away fast. */
#include "daemon/sketch/change.h"
#include "daemon/sketch/dense.h"
#include "daemon/sketch/token.h"
#include "daemon/sketch/word.h"

#define CHUNK 256u /* hashes sifted at a time */

/* Adds what came through both sieves. */
static enum status add_sifted(struct dense *dense, const uint64_t *hashes, size_t n,
                              uint32_t *codes, size_t *changed)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t index = hash_index(hashes[i], dense->precision);
        unsigned rank = hash_rank(hashes[i], dense->precision);
        bool raised;
        enum status status = dense_raise(dense, index, rank, true, &raised);
        if (status != ST_OK)
            return status;
        if (!raised)
            continue;
        if (codes != NULL)
            codes[*changed] = change_of_register(index, rank);
        ++*changed;
    }
    return ST_OK;
}

/* The bits of a hash that are all 0 where its rank is above base. */
static uint64_t sieve(uint64_t word)
{
    return ((1ull << word_base(word)) - 1) << word_precision(word);
}

/* Copies the hashes whose rank is above base; how many there are. */
static size_t sift(const uint8_t *hashes, size_t n, uint64_t mask, uint64_t *sifted)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t hash = hash_load(hashes, i);
        sifted[kept] = hash;
        kept += (hash & mask) == 0;
    }
    return kept;
}

/* Keeps the hashes whose rank is above their register, or may be: without a
 * branch, since either is about as likely. */
static size_t sift_by_register(const struct dense *dense, uint64_t *hashes, size_t n)
{
    const uint8_t *registers = dense->registers;
    unsigned precision = dense->precision;
    unsigned base = dense->base;
    size_t kept = 0;
    if (dense->is_bytes)
        return n;
    for (size_t i = 0; i < n; i++) {
        uint64_t hash = hashes[i];
        uint32_t index = hash_index(hash, precision);
        unsigned nibble = (unsigned)registers[nibble_offset(index)] >> nibble_shift(index) & 15u;
        hashes[kept] = hash;
        kept += (hash_rank(hash, precision) > base + nibble) | (nibble == NIBBLE_FULL);
    }
    return kept;
}

enum status dense_add(uint64_t *word, const void *hashes, size_t n, uint32_t *codes,
                      size_t *changed)
{
    enum status status = ST_OK;
    const uint8_t *bytes = hashes;
    uint64_t mask = sieve(*word);
    for (; n > 0 && (hash_load(bytes, 0) & mask) != 0; n--)
        bytes += sizeof(uint64_t); /* of few hashes mostly all end here */
    for (size_t at = 0; at < n && status == ST_OK; at += CHUNK) {
        uint64_t sifted[CHUNK];
        size_t left = n - at < CHUNK ? n - at : CHUNK;
        size_t kept = sift(bytes + at * sizeof(uint64_t), left, sieve(*word), sifted);
        if (kept == 0)
            continue;
        struct dense dense = dense_open(*word);
        kept = sift_by_register(&dense, sifted, kept);
        status = add_sifted(&dense, sifted, kept, codes, changed);
        *word = dense_close(&dense);
    }
    return status;
}
