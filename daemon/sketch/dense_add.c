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

enum status dense_add(uint64_t *word, const void *hashes, size_t n, size_t *changed)
{
    struct dense dense = dense_open(*word);
    enum status status = ST_OK;
    uint64_t sifted[CHUNK];
    const uint8_t *bytes = hashes;
    for (size_t at = 0; at < n && status == ST_OK; at += CHUNK) {
        size_t end = n - at < CHUNK ? n : at + CHUNK;
        /* rank > base: the base bits above the index are 0 */
        uint64_t mask = ((1ull << dense.base) - 1) << dense.precision;
        size_t kept = 0;
        for (size_t i = at; i < end; i++) {
            uint64_t hash = hash_load(bytes, i);
            sifted[kept] = hash;
            kept += (hash & mask) == 0;
        }
        status = add_sifted(&dense, sifted, kept, changed);
    }
    *word = dense_close(&dense);
    return status;
}
