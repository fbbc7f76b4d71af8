#include "client/lib/slots.h"

#include <stdlib.h>
#include <string.h>

bool slots_resize(struct slots *slots, unsigned bits)
{
    uint32_t *at = calloc((size_t)1 << bits, sizeof *at);
    if (at == NULL)
        return false;
    free(slots->at);
    *slots = (struct slots){
        .at = at,
        .mask = (UINT32_C(1) << bits) - 1,
        .shift = 64 - bits,
    };
    return true;
}

void slots_clear(struct slots *slots, uint32_t count)
{
    slots->base += count;
    if (slots->base < UINT32_MAX / 2 || slots->at == NULL)
        return;
    memset(slots->at, 0, ((size_t)slots->mask + 1) * sizeof *slots->at);
    slots->base = 0;
}

void slots_release(struct slots *slots)
{
    free(slots->at);
    *slots = (struct slots){ 0 };
}
