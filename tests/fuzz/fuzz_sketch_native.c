/* Each input as it is, and once more under a right checksum. */
#include <stdlib.h>
#include <string.h>

#include "daemon/sketch/little_endian.h"
#include "daemon/sketch/native_layout.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_sketch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_sketch(SKETCH_FORMAT_NATIVE, data, size);
    if (size < CHECKSUM_BYTES)
        return 0;
    uint8_t *bytes = malloc(size);
    if (bytes == NULL)
        return 0;
    size_t end = size - CHECKSUM_BYTES;
    memcpy(bytes, data, size);
    (void)store_le(bytes + end, native_checksum(bytes, end), CHECKSUM_BYTES);
    fuzz_sketch(SKETCH_FORMAT_NATIVE, bytes, size);
    free(bytes);
    return 0;
}
