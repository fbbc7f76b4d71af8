/* A payload of a snapshot's rows: reading ends, and every cell that is given out is one
 * that can be counted on.
 *
 *     input: u8, the low 4 bits of which are the precision - 4; then the payload */
#include <math.h>
#include <stdlib.h>

#include "daemon/store/snapshot_read.h"
#include "tests/fuzz/fuzz.h"

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static bool read_row(struct reading *in, const struct sketch_shape *shape,
                     struct restored_cell *cells)
{
    struct bytes_view key;
    uint32_t count = 0;
    enum status status = snapshot_read_row(in, shape, &key, cells, &count);
    demand(status == ST_OK || (status == ST_INVALID_ARGUMENT && in->fault != NULL && count == 0));
    for (uint32_t i = 0; i < count; i++) {
        struct estimate estimate = cell_estimate(&cells[i].cell, shape);
        demand(key.len <= KEY_MAX_BYTES && estimate.value >= 0 && !isnan(estimate.value));
        cell_release(&cells[i].cell);
    }
    return status == ST_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct restored_cell cells[COLUMNS_MAX];
    struct sketch_shape shape;
    struct snapshot_slice slice;
    if (size == 0 || sketch_shape_init(&shape, 4 + (data[0] & 15u)) != ST_OK)
        return 0;
    struct reading in = { data + 1, data + size, NULL };
    bool is_sound = true;
    while (is_sound && snapshot_read_slice(&in, &slice)) {
        for (uint64_t i = 0; i < slice.rows && is_sound; i++)
            is_sound = read_row(&in, &shape, cells);
    }
    demand(in.at <= in.end);
    return 0;
}
