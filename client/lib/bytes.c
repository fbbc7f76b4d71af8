#include "client/lib/bytes.h"

#include <stdlib.h>

#define FIRST_CAP 256u

bool bytes_reserve(struct bytes *bytes, size_t extra)
{
    if (bytes->cap - bytes->len >= extra)
        return true;
    if (extra > SIZE_MAX / 4 || bytes->len > SIZE_MAX / 4)
        return false;
    size_t cap = bytes->cap < FIRST_CAP ? FIRST_CAP : bytes->cap;
    while (cap - bytes->len < extra)
        cap *= 2;
    uint8_t *data = realloc(bytes->data, cap);
    if (data == NULL)
        return false;
    bytes->data = data;
    bytes->cap = cap;
    return true;
}

void bytes_consume(struct bytes *bytes, size_t n)
{
    assert(n <= bytes->len);
    bytes->len -= n;
    if (bytes->len > 0)
        memmove(bytes->data, bytes->data + n, bytes->len);
}

void bytes_release(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){ 0 };
}
