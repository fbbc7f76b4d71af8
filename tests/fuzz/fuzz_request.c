#include <stdlib.h>

#include "daemon/wire/request.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct request_head head;
    struct error err;
    if (request_peek((struct bytes_view){ data, size }, &head, &err) != ST_OK)
        return 0;
    if (head.body.data < data || head.body.len > (size_t)(data + size - head.body.data))
        abort();
    return 0;
}
