/* What the fuzz targets of the sketch formats do: reads a sketch at several
 * precisions; what is read must be sound and come back from its own bytes. */
#ifndef CARDINAL_TESTS_FUZZ_SKETCH_H
#define CARDINAL_TESTS_FUZZ_SKETCH_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/sketch/codec.h"

void fuzz_sketch(enum sketch_format format, const uint8_t *data, size_t size);

#endif
