#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_sketch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_sketch(SKETCH_FORMAT_DORIS, data, size);
    return 0;
}
