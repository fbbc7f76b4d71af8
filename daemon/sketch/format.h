/* format: what the formats of sketches share.
 *
 * A format of fixed precision is written from the ranks of 2^14 registers, a
 * byte each; every format is read into a cell of the precision it was made with. */
#ifndef CARDINAL_SKETCH_FORMAT_H
#define CARDINAL_SKETCH_FORMAT_H

#include "daemon/sketch/codec.h"

/* The precision of Redis and Doris, and of what is written for PostgreSQL. */
#define FORMAT_PRECISION 14u
#define FORMAT_REGISTERS (1u << FORMAT_PRECISION)
#define FORMAT_RANK_MAX (65u - FORMAT_PRECISION)

/* Bytes being read, and where to say what is wrong with them. */
struct source {
    const uint8_t *bytes;
    size_t len;
    const char *format; /* its name */
    struct error *err;
};

/* Says what is wrong, and at which byte; ST_INVALID_ARGUMENT. */
enum status source_fault(const struct source *source, size_t at, const char *text, ...)
    __attribute__((format(printf, 3, 4)));

/* The fault of bytes that end too early: while `what` was read. */
enum status source_cut_off(const struct source *source, const char *what);

/* Readers: they fill *shape, of the sketch's own precision, and *out, an empty
 * cell, which a failure leaves empty. */
enum status redis_read(const struct source *source, struct sketch_shape *shape, struct cell *out);
enum status doris_read(const struct source *source, struct sketch_shape *shape, struct cell *out);
enum status postgres_read(const struct source *source, struct sketch_shape *shape,
                          struct cell *out);
/* Also refuses a sketch of another hash or seed than origin's. */
enum status native_read(const struct source *source, const struct sketch_origin *origin,
                        struct sketch_shape *shape, struct cell *out);

/* Writers, of FORMAT_REGISTERS ranks, none above FORMAT_RANK_MAX; they return how
 * many bytes they wrote. */
size_t redis_write(const uint8_t *ranks, uint8_t *out);
size_t redis_write_dense(const uint8_t *ranks, uint8_t *out);
size_t doris_write(const uint8_t *ranks, uint8_t *out);
size_t postgres_write(const uint8_t *ranks, uint8_t *out);
size_t native_write(const struct sketch_origin *origin, const struct cell *cell, uint8_t *out);

#define REDIS_BYTES_MAX (16u + FORMAT_REGISTERS / 4 * 3)
#define DORIS_BYTES_MAX (1u + FORMAT_REGISTERS)
#define POSTGRES_BYTES_MAX (3u + FORMAT_REGISTERS / 8 * 5)
size_t native_bytes_max(const struct sketch_shape *shape);

#endif
