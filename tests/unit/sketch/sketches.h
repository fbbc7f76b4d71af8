/* What the tests of the formats share. */
#ifndef CARDINAL_TESTS_SKETCHES_H
#define CARDINAL_TESTS_SKETCHES_H

#include "daemon/sketch/codec.h"
#include "tests/unit/sketch/reference.h"

/* Bytes that any format takes at most, at any precision. */
#define SKETCH_BYTES_MAX (1u << 19)

static inline struct sketch_shape shape_of(unsigned precision)
{
    struct sketch_shape shape;
    ck_assert_int_eq(sketch_shape_init(&shape, precision), ST_OK);
    return shape;
}

/* A table whose hash is that of Redis and Doris. */
static inline struct sketch_origin murmur_origin(const struct sketch_shape *shape)
{
    return (struct sketch_origin){ shape, HASH_KIND_MURMUR64A, MURMUR64A_SEED };
}

/* Decodes from memory of the exact size, so that a sanitizer sees a read past it. */
static inline enum status decode_bytes(enum sketch_format format,
                                       const struct sketch_origin *origin, const void *bytes,
                                       size_t len, struct cell *out, struct error *err)
{
    uint8_t *exact = malloc(len + (len == 0));
    if (exact == NULL)
        ck_abort_msg("no memory");
    memcpy(exact, bytes, len);
    enum status status = sketch_decode(format, origin, exact, len, false, out, err);
    free(exact);
    return status;
}

/* Writes a cell, which succeeds, within what is promised to be the most. */
static inline size_t encode_sound(enum sketch_format format, const struct sketch_origin *origin,
                                  const struct cell *cell, uint8_t *out)
{
    size_t len;
    ck_assert_int_eq(sketch_encode(format, origin, cell, out, &len, NULL), ST_OK);
    ck_assert_uint_le(len, sketch_encoded_max(format, origin->shape));
    return len;
}

/* Reads a sketch, which succeeds. */
static inline struct cell decode_sound(enum sketch_format format,
                                       const struct sketch_origin *origin, const void *from,
                                       size_t len)
{
    struct cell cell = { 0 };
    struct error err = { 0 };
    enum status status = decode_bytes(format, origin, from, len, &cell, &err);
    ck_assert_msg(status == ST_OK, "refused: %s", err.text);
    return cell;
}

/* Demands that the bytes are refused, saying text, and that the cell stays empty.
 * (Assertions of libcheck cost a system call each.) */
static inline void ck_refused(enum sketch_format format, const struct sketch_origin *origin,
                              const void *bytes, size_t len, enum status wanted, const char *text)
{
    struct cell cell = { 0 };
    struct error err = { 0 };
    enum status status = decode_bytes(format, origin, bytes, len, &cell, &err);
    if (status != wanted || err.code != wanted)
        ck_abort_msg("status %d instead of %d: '%s'", status, wanted, err.text);
    if (strstr(err.text, text) == NULL)
        ck_abort_msg("'%s' does not say '%s'", err.text, text);
    if (cell.word != 0)
        ck_abort_msg("refused as '%s', but something was read", err.text);
}

/* Demands that the cell holds just these registers, m of them. */
static inline void ck_ranks(const struct cell *cell, const struct sketch_shape *shape,
                            const uint8_t *ranks)
{
    uint8_t *registers = malloc(shape->registers);
    ck_assert_ptr_nonnull(registers);
    cell_registers(cell, shape, registers);
    ck_assert_mem_eq(registers, ranks, shape->registers);
    free(registers);
}

#endif
