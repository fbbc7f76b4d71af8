#include "daemon/sketch/codec.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/sketch/fold.h"
#include "daemon/sketch/format.h"

const char *sketch_format_name(int format)
{
    static const char *const names[SKETCH_FORMAT_COUNT] = {
        [SKETCH_FORMAT_NATIVE] = "native",           [SKETCH_FORMAT_REDIS] = "redis",
        [SKETCH_FORMAT_REDIS_DENSE] = "redis-dense", [SKETCH_FORMAT_DORIS] = "doris",
        [SKETCH_FORMAT_POSTGRES] = "postgres",
    };
    return format >= 0 && format < SKETCH_FORMAT_COUNT ? names[format] : NULL;
}

enum status source_fault(const struct source *source, size_t at, const char *text, ...)
{
    char what[ERROR_TEXT_MAX];
    va_list arguments;
    va_start(arguments, text);
    (void)vsnprintf(what, sizeof what, text, arguments);
    va_end(arguments);
    return error_set(source->err, ST_INVALID_ARGUMENT, "not a sound %s sketch: %s at byte %zu",
                     source->format, what, at);
}

enum status source_cut_off(const struct source *source, const char *what)
{
    return source_fault(source, source->len, "%s is cut off by the end", what);
}

size_t sketch_encoded_max(enum sketch_format format, const struct sketch_shape *shape)
{
    switch (format) {
    case SKETCH_FORMAT_REDIS:
    case SKETCH_FORMAT_REDIS_DENSE:
        return REDIS_BYTES_MAX;
    case SKETCH_FORMAT_DORIS:
        return DORIS_BYTES_MAX;
    case SKETCH_FORMAT_POSTGRES:
        return POSTGRES_BYTES_MAX;
    default:
        return native_bytes_max(shape);
    }
}

static size_t write_ranks(enum sketch_format format, const uint8_t *ranks, uint8_t *out)
{
    switch (format) {
    case SKETCH_FORMAT_REDIS:
        return redis_write(ranks, out);
    case SKETCH_FORMAT_REDIS_DENSE:
        return redis_write_dense(ranks, out);
    case SKETCH_FORMAT_DORIS:
        return doris_write(ranks, out);
    default:
        return postgres_write(ranks, out);
    }
}

enum status sketch_encode(enum sketch_format format, const struct sketch_origin *origin,
                          const struct cell *cell, uint8_t *out, size_t *len, struct error *err)
{
    const struct sketch_shape *shape = origin->shape;
    if (format == SKETCH_FORMAT_NATIVE) {
        *len = native_write(origin, cell, out);
        return ST_OK;
    }
    if (shape->precision < FORMAT_PRECISION)
        return error_set(err, ST_FAILED_PRECONDITION,
                         "a %s sketch has precision %u, more than the table's %u",
                         sketch_format_name((int)format), FORMAT_PRECISION, shape->precision);
    uint8_t *ranks = malloc((size_t)shape->registers + FORMAT_REGISTERS);
    if (ranks == NULL)
        return error_nomem(err);
    uint8_t *folded = ranks + shape->registers;
    cell_registers(cell, shape, ranks);
    fold_registers(ranks, shape->precision, folded, FORMAT_PRECISION);
    *len = write_ranks(format, folded, out);
    free(ranks);
    return ST_OK;
}

/* Redis and Doris do not say their hash, but there is only the one. PostgreSQL's
 * may be any. */
static enum status check_hash(enum sketch_format format, const struct sketch_origin *origin,
                              struct error *err)
{
    if (format == SKETCH_FORMAT_NATIVE || format == SKETCH_FORMAT_POSTGRES)
        return ST_OK;
    if (origin->hash == HASH_KIND_MURMUR64A && origin->seed == MURMUR64A_SEED)
        return ST_OK;
    if (origin->hash == HASH_KIND_MURMUR64A)
        return error_set(err, ST_FAILED_PRECONDITION,
                         "a %s sketch is of %s under seed 0x%llx, the table under another seed",
                         sketch_format_name((int)format), hash_kind_name(HASH_KIND_MURMUR64A),
                         (unsigned long long)MURMUR64A_SEED);
    return error_set(err, ST_FAILED_PRECONDITION, "a %s sketch is of %s, the table of %s",
                     sketch_format_name((int)format), hash_kind_name(HASH_KIND_MURMUR64A),
                     hash_kind_name((int)origin->hash));
}

static enum status read_cell(enum sketch_format format, const struct sketch_origin *origin,
                             const struct source *source, struct sketch_shape *shape,
                             struct cell *out)
{
    switch (format) {
    case SKETCH_FORMAT_REDIS:
    case SKETCH_FORMAT_REDIS_DENSE:
        return redis_read(source, shape, out);
    case SKETCH_FORMAT_DORIS:
        return doris_read(source, shape, out);
    case SKETCH_FORMAT_POSTGRES:
        return postgres_read(source, shape, out);
    default:
        return native_read(source, origin, shape, out);
    }
}

/* Puts a cell of shape from, which it takes, into *out at the table's precision. */
static enum status take_cell(struct cell *cell, const struct sketch_shape *from,
                             const struct sketch_shape *to, struct cell *out, struct error *err)
{
    enum status status = ST_OK;
    if (from->precision == to->precision) {
        *out = *cell;
        return ST_OK;
    }
    if (from->precision < to->precision)
        status = error_set(err, ST_FAILED_PRECONDITION,
                           "the sketch has precision %u, less than the table's %u", from->precision,
                           to->precision);
    else if (cell_fold(cell, from, out, to) != ST_OK)
        status = error_nomem(err);
    cell_release(cell);
    return status;
}

enum status sketch_decode(enum sketch_format format, const struct sketch_origin *origin,
                          const uint8_t *bytes, size_t len, bool any_hash, struct cell *out,
                          struct error *err)
{
    const struct source source = { bytes, len, sketch_format_name((int)format), err };
    struct sketch_shape shape;
    struct cell cell = { 0 };
    enum status status = any_hash ? ST_OK : check_hash(format, origin, err);
    if (status == ST_OK)
        status = read_cell(format, origin, &source, &shape, &cell);
    if (status == ST_RESOURCE_EXHAUSTED)
        return error_nomem(err);
    return status == ST_OK ? take_cell(&cell, &shape, origin->shape, out, err) : status;
}
