/* What the decoders of all formats have to bear: bytes that are no sketch,
 * sketches cut off, and sketches with a bit the other way round. */
#ifndef CARDINAL_TESTS_SKETCH_FAULTS_H
#define CARDINAL_TESTS_SKETCH_FAULTS_H

#include "tests/unit/sketch/sketches.h"

#define BYTES(text) text, sizeof(text) - 1

struct fault {
    const char *bytes;
    size_t len;
    const char *text; /* what the refusal says */
};

static inline void ck_faults_refused(enum sketch_format format, const struct sketch_origin *origin,
                                     const struct fault *faults, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ck_refused(format, origin, faults[i].bytes, faults[i].len, ST_INVALID_ARGUMENT,
                   faults[i].text);
}

/* Cut off anywhere, it is refused with the place. */
static inline void ck_cuts_refused(enum sketch_format format, const struct sketch_origin *origin,
                                   const uint8_t *bytes, size_t len)
{
    for (size_t cut = 0; cut < len; cut += cut < 400 ? 1 : 97)
        ck_refused(format, origin, bytes, cut, ST_INVALID_ARGUMENT, "at byte");
}

/* With any of its first body_len bytes' bits turned, it is refused, or read as
 * something that can be asked and freed. seal puts a checksum right; NULL: there
 * is none. */
static inline void ck_damage_is_harmless(enum sketch_format format,
                                         const struct sketch_origin *origin, uint8_t *bytes,
                                         size_t len, size_t body_len, void (*seal)(size_t len))
{
    for (size_t bit = 0; bit < body_len * 8; bit += bit < 4000 ? 1 : 61) {
        struct cell read = { 0 };
        uint8_t kept = bytes[bit / 8];
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (seal != NULL)
            seal(len);
        enum status status = decode_bytes(format, origin, bytes, len, &read, NULL);
        struct estimate estimate = cell_estimate(&read, origin->shape);
        if (status != ST_OK && read.word != 0)
            ck_abort_msg("bit %zu: refused, but something was read", bit);
        if (!(estimate.value >= 0 && estimate.rse >= 0))
            ck_abort_msg("bit %zu: estimate %f, error %f", bit, estimate.value, estimate.rse);
        cell_release(&read);
        bytes[bit / 8] = kept;
    }
}

#endif
