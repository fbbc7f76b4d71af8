#include "tests/fuzz/fuzz_sketch.h"

#include <math.h>
#include <stdlib.h>

static void demand(bool holds)
{
    if (!holds)
        abort();
}

/* Written as the format and read again, the cell has the same registers (but for
 * ranks that are clamped). */
static void travel(enum sketch_format format, const struct sketch_origin *origin,
                   const struct cell *cell)
{
    size_t len;
    uint8_t *bytes = malloc(sketch_encoded_max(format, origin->shape));
    demand(bytes != NULL);
    demand(sketch_encode(format, origin, cell, bytes, &len, NULL) == ST_OK);
    demand(len <= sketch_encoded_max(format, origin->shape));
    struct cell again = { 0 };
    demand(sketch_decode(format, origin, bytes, len, false, &again, NULL) == ST_OK);
    demand(format == SKETCH_FORMAT_POSTGRES ||
           cell_digest(&again, origin->shape) == cell_digest(cell, origin->shape));
    cell_release(&again);
    free(bytes);
}

void fuzz_sketch(enum sketch_format format, const uint8_t *data, size_t size)
{
    static const unsigned precisions[] = { 4, 11, 14 };
    for (size_t i = 0; i < sizeof precisions / sizeof precisions[0]; i++) {
        struct sketch_shape shape;
        demand(sketch_shape_init(&shape, precisions[i]) == ST_OK);
        struct sketch_origin origin = { &shape, HASH_KIND_MURMUR64A, MURMUR64A_SEED };
        struct cell cell = { 0 };
        struct error err = { 0 };
        if (sketch_decode(format, &origin, data, size, false, &cell, &err) != ST_OK) {
            demand(cell.word == 0 && err.code != ST_OK && err.text[0] != '\0');
            continue;
        }
        struct estimate estimate = cell_estimate(&cell, &shape);
        demand(estimate.value >= 0 && estimate.rse >= 0 && !isnan(estimate.rse));
        if (format == SKETCH_FORMAT_NATIVE || shape.precision == 14)
            travel(format, &origin, &cell);
        cell_release(&cell);
    }
}
