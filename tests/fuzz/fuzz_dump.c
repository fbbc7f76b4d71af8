/* What is loaded as a cell must dump to the bytes that it was loaded from, and be
 * sound enough to be counted on. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/sketch/dump.h"
#include "tests/fuzz/fuzz.h"

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static void reload(const struct cell *cell, const struct sketch_shape *shape)
{
    struct cell again = { 0 };
    size_t used;
    uint8_t *bytes = malloc(cell_dump_bound(cell, shape));
    demand(bytes != NULL);
    size_t len = cell_dump(cell, shape, bytes);
    demand(cell_load(&again, shape, bytes, len, &used) == ST_OK && used == len);
    struct estimate a = cell_estimate(cell, shape);
    struct estimate b = cell_estimate(&again, shape);
    demand(memcmp(&a, &b, sizeof a) == 0 && cell_state(cell) == cell_state(&again));
    demand(cell_digest(cell, shape) == cell_digest(&again, shape));
    cell_release(&again);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned precisions[] = { 4, 8, 11, 14 };
    for (size_t i = 0; i < sizeof precisions / sizeof precisions[0]; i++) {
        struct sketch_shape shape;
        demand(sketch_shape_init(&shape, precisions[i]) == ST_OK);
        struct cell cell = { 0 };
        size_t used;
        if (cell_load(&cell, &shape, data, size, &used) != ST_OK) {
            demand(cell.word == 0);
            continue;
        }
        demand(used <= size);
        reload(&cell, &shape);
        static const uint64_t hashes[] = { 1, 0x8000000000000000, 0x123456789abcdef0 };
        size_t changed;
        demand(cell_add(&cell, &shape, hashes, 3, &changed) == ST_OK);
        struct estimate estimate = cell_estimate(&cell, &shape);
        demand(estimate.value >= 0 && !isnan(estimate.rse));
        cell_release(&cell);
    }
    return 0;
}
