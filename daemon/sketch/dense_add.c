/* Hashes into registers: most raise nothing and must be turned away fast. */
#include "daemon/sketch/dense.h"
#include "daemon/sketch/token.h"
#include "daemon/sketch/word.h"

#define CHUNK 256u /* hashes sifted at a time */

static enum status add_one(struct dense *dense, uint64_t hash, size_t *changed)
{
    bool raised;
    enum status status = dense_raise(dense, hash_index(hash, dense->precision),
                                     hash_rank(hash, dense->precision), true, &raised);
    *changed += raised;
    return status;
}

/* Adds what came through the sieve. */
static enum status add_sifted(struct dense *dense, const uint64_t *hashes, size_t n,
                              size_t *changed)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < n && status == ST_OK; i++)
        status = add_one(dense, hashes[i], changed);
    return status;
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

enum status dense_add(uint64_t *word, const void *hashes, size_t n, size_t *changed)
{
    enum status status = ST_OK;
    const uint8_t *bytes = hashes;
    for (size_t at = 0; at < n && status == ST_OK; at += CHUNK) {
        uint64_t sifted[CHUNK];
        size_t left = n - at < CHUNK ? n - at : CHUNK;
        size_t kept = sift(bytes + at * sizeof(uint64_t), left, sieve(*word), sifted);
        if (kept == 0)
            continue;
        struct dense dense = dense_open(*word);
        status = add_sifted(&dense, sifted, kept, changed);
        *word = dense_close(&dense);
    }
    return status;
}
