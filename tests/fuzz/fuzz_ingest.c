/* The decoder in place against protobuf-c. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/ingest_reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *difference = ingest_difference((struct bytes_view){ data, size });
    if (difference == NULL)
        return 0;
    fprintf(stderr, "%s\n", difference);
    abort();
}
