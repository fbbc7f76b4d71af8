/* What every fuzz target defines: runs one input; what is wrong aborts. */
#ifndef CARDINAL_TESTS_FUZZ_H
#define CARDINAL_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
