/* codec: sketches as bytes, in our own format and in those of others.
 *
 * Every byte that is read may be hostile: lengths, run lengths, indices and ranks
 * are checked, a cached count is never trusted, and a refusal says what is wrong
 * and at which offset. docs/formats.md draws the layouts.
 *
 * Thread safety: nothing here has state of its own. */
#ifndef CARDINAL_SKETCH_CODEC_H
#define CARDINAL_SKETCH_CODEC_H

#include "daemon/sketch/cell.h"
#include "proto/value_hash.h"

/* Numbered as `enum SketchFormat` in cardinal.proto. */
enum sketch_format {
    SKETCH_FORMAT_NATIVE = 0,
    SKETCH_FORMAT_REDIS = 1,
    SKETCH_FORMAT_REDIS_DENSE = 2,
    SKETCH_FORMAT_DORIS = 3,
    SKETCH_FORMAT_POSTGRES = 4,
    SKETCH_FORMAT_COUNT,
};

/* "redis-dense" and the like; NULL for a number that is none. Lives forever. */
const char *sketch_format_name(int format);

/* What a sketch says of itself besides its registers. */
struct sketch_origin {
    const struct sketch_shape *shape;
    enum hash_kind hash;
    uint64_t seed;
};

/* The most bytes that sketch_encode() writes for a cell of this shape. */
size_t sketch_encoded_max(enum sketch_format format, const struct sketch_shape *shape);

/* Writes a cell; out has room for sketch_encoded_max(), *len says how much was used.
 * A format of a fixed precision is folded to, from the table's own:
 * ST_FAILED_PRECONDITION where that is lower. Ranks above what the format holds
 * are clamped as docs/formats.md says. */
enum status sketch_encode(enum sketch_format format, const struct sketch_origin *origin,
                          const struct cell *cell, uint8_t *out, size_t *len, struct error *err);

/* Reads a sketch into *out, an empty cell, as one of origin's shape: one of higher
 * precision is folded. ST_INVALID_ARGUMENT: not a sketch of that format, with
 * what is wrong and where; ST_FAILED_PRECONDITION: of lower precision, or of
 * another hash or seed, naming both (a format that does not say its hash is
 * taken for what its program uses, unless any_hash). */
enum status sketch_decode(enum sketch_format format, const struct sketch_origin *origin,
                          const uint8_t *bytes, size_t len, bool any_hash, struct cell *out,
                          struct error *err);

#endif
