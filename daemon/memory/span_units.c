/* How large the spans of each size of blocks are. */
#include "daemon/memory/heap_impl.h"

#define PAGE_BYTES (UNIT_BYTES / UNIT_PAGES)
#define SPAN_BLOCKS 8u     /* at least, of blocks that are not whole units */
#define SPAN_UNITS_MAX 64u /* of blocks of a class */

/* What the last page of a span of that many units has beyond its blocks, in
 * thousandths of them. */
static size_t wasted(size_t block_bytes, size_t units)
{
    size_t bytes = units * UNIT_BYTES / block_bytes * block_bytes;
    size_t beyond = (PAGE_BYTES - bytes % PAGE_BYTES) % PAGE_BYTES;
    return beyond * 1000 / bytes;
}

unsigned span_units(size_t block_bytes)
{
    if (block_bytes % UNIT_BYTES == 0)
        return (unsigned)(block_bytes / UNIT_BYTES);
    size_t least = (SPAN_BLOCKS * block_bytes + UNIT_BYTES - 1) / UNIT_BYTES;
    size_t best = least;
    for (size_t units = least; units < 2 * least + 4 && units <= SPAN_UNITS_MAX; units++) {
        if (wasted(block_bytes, units) < wasted(block_bytes, best))
            best = units;
    }
    return (unsigned)best;
}

/* Bytes of a span of each class up to one, added up. */
static size_t span_sums[CLASS_COUNT];
static pthread_once_t span_sums_once = PTHREAD_ONCE_INIT;

static void sum_spans(void)
{
    size_t sum = 0;
    for (unsigned class = 0; class < CLASS_COUNT; class ++) {
        sum += span_units(class_bytes(class)) * UNIT_BYTES;
        span_sums[class] = sum;
    }
}

size_t heap_span_bytes(size_t block_max)
{
    pthread_once(&span_sums_once, sum_spans);
    return span_sums[block_max < CLASS_BYTES_MAX ? class_of_size(block_max) : CLASS_COUNT - 1];
}
