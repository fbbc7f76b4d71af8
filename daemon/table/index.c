#include "daemon/table/index.h"

#include <string.h>

#include "daemon/memory/heap.h"

#define BITS_FIRST 2u
#define BITS_SPLIT 9u   /* segments of this size split rather than double */
#define JOINED_MAX 384u /* entries of a segment that two are joined into */
#define DEPTH_MAX 22u
#define SKEW_MAX 16u /* directory entries a segment on average, at most */

static size_t segment_size(unsigned bits)
{
    return sizeof(struct index_segment) + ((size_t)1 << bits) * sizeof(struct index_entry);
}

static struct index_segment *segment_new(struct index *index, unsigned bits, unsigned depth)
{
    struct index_segment *segment = heap_alloc_zeroed(segment_size(bits));
    if (segment == NULL)
        return NULL;
    segment->bits = (uint16_t)bits;
    segment->depth = (uint16_t)depth;
    index->held_bytes += heap_block_bytes(segment_size(bits));
    return segment;
}

static void segment_free(struct index *index, struct index_segment *segment)
{
    index->held_bytes -= heap_block_bytes(segment_size(segment->bits));
    heap_free(segment);
}

static size_t directory_size(unsigned depth)
{
    return ((size_t)1 << depth) * sizeof(struct index_segment *);
}

void index_init(struct index *index)
{
    memset(index, 0, sizeof *index);
}

void index_release(struct index *index)
{
    size_t count = index->directory == NULL ? 0 : (size_t)1 << index->depth;
    for (size_t i = 0; i < count;) {
        struct index_segment *segment = index->directory[i];
        i += (size_t)1 << (index->depth - segment->depth);
        heap_free(segment);
    }
    heap_free(index->directory);
    index_init(index);
}

static bool is_full(const struct index_segment *segment)
{
    return segment->count >= (1u << segment->bits) * 7 / 8;
}

static void segment_put(struct index_segment *segment, struct index_entry entry)
{
    uint32_t mask = (1u << segment->bits) - 1;
    uint32_t slot = entry.tag & mask;
    while (segment->entries[slot].ref != 0)
        slot = (slot + 1) & mask;
    segment->entries[slot] = entry;
    segment->count++;
}

/* Points all directory entries of the segment's share at it. */
static void file_segment(struct index *index, struct index_segment *segment, uint32_t tag)
{
    size_t span = (size_t)1 << (index->depth - segment->depth);
    size_t first = (size_t)((uint64_t)tag << index->depth >> 32) & ~(span - 1);
    for (size_t i = 0; i < span; i++)
        index->directory[first + i] = segment;
}

static bool start(struct index *index)
{
    struct index_segment **directory = heap_alloc(directory_size(0));
    if (directory == NULL)
        return false;
    struct index_segment *segment = segment_new(index, BITS_FIRST, 0);
    if (segment == NULL) {
        heap_free(directory);
        return false;
    }
    directory[0] = segment;
    index->directory = directory;
    index->segment_count = 1;
    index->held_bytes += heap_block_bytes(directory_size(0));
    return true;
}

static bool segment_double(struct index *index, struct index_segment *old, uint32_t tag)
{
    struct index_segment *segment = segment_new(index, old->bits + 1u, old->depth);
    if (segment == NULL)
        return false;
    for (uint32_t i = 0; i < 1u << old->bits; i++) {
        if (old->entries[i].ref != 0)
            segment_put(segment, old->entries[i]);
    }
    file_segment(index, segment, tag);
    segment_free(index, old);
    return true;
}

static bool directory_double(struct index *index)
{
    size_t count = (size_t)1 << index->depth;
    struct index_segment **directory =
        heap_realloc(index->directory, directory_size(index->depth + 1));
    if (directory == NULL)
        return false;
    for (size_t i = count; i-- > 0;)
        directory[2 * i] = directory[2 * i + 1] = directory[i];
    index->held_bytes -= heap_block_bytes(directory_size(index->depth));
    index->depth++;
    index->held_bytes += heap_block_bytes(directory_size(index->depth));
    index->directory = directory;
    return true;
}

/* Moves the entries of old to two segments of one shared bit more. */
static bool segment_split(struct index *index, struct index_segment *old, uint32_t tag)
{
    if (old->depth == index->depth && !directory_double(index))
        return false;
    unsigned depth = old->depth + 1u;
    struct index_segment *halves[2];
    halves[0] = segment_new(index, old->bits, depth);
    if (halves[0] == NULL)
        return false;
    halves[1] = segment_new(index, old->bits, depth);
    if (halves[1] == NULL) {
        segment_free(index, halves[0]);
        return false;
    }
    for (uint32_t i = 0; i < 1u << old->bits; i++) {
        struct index_entry entry = old->entries[i];
        if (entry.ref != 0)
            segment_put(halves[entry.tag >> (32 - depth) & 1], entry);
    }
    uint32_t bit = UINT32_C(1) << (32 - depth);
    file_segment(index, halves[0], tag & ~bit);
    file_segment(index, halves[1], tag | bit);
    index->segment_count++;
    segment_free(index, old);
    return true;
}

/* Splitting is no remedy for equal tags, which somebody may have found. */
static bool may_split(const struct index *index, const struct index_segment *segment)
{
    if (segment->bits < BITS_SPLIT || segment->depth >= DEPTH_MAX)
        return false;
    if (segment->depth < index->depth)
        return true;
    return ((uint64_t)1 << index->depth) < (uint64_t)SKEW_MAX * index->segment_count;
}

bool index_reserve(struct index *index, uint32_t tag)
{
    if (index->directory == NULL && !start(index))
        return false;
    for (;;) {
        struct index_segment *segment = index_segment_of(index, tag);
        if (!is_full(segment))
            return true;
        bool grown = may_split(index, segment) ? segment_split(index, segment, tag)
                                               : segment_double(index, segment, tag);
        if (!grown)
            return false;
    }
}

void index_put(struct index *index, uint32_t tag, uint32_t ref)
{
    segment_put(index_segment_of(index, tag), (struct index_entry){ tag, ref });
}

/* Closes the gap, so that no search stops short: an entry moves back into it
 * unless its own slot lies between the gap and where it is. */
void index_remove(struct index_probe *probe)
{
    struct index_segment *segment = probe->segment;
    uint32_t mask = (1u << segment->bits) - 1;
    uint32_t gap = probe->slot;
    for (uint32_t slot = (gap + 1) & mask; segment->entries[slot].ref != 0;
         slot = (slot + 1) & mask) {
        uint32_t home = segment->entries[slot].tag & mask;
        if (((slot - home) & mask) >= ((slot - gap) & mask)) {
            segment->entries[gap] = segment->entries[slot];
            gap = slot;
        }
    }
    segment->entries[gap] = (struct index_entry){ 0, 0 };
    segment->count--;
}

/* Another segment of as many shared bits, which differ from this one's in the last? */
static bool can_join(const struct index_segment *a, const struct index_segment *b)
{
    return a->depth == b->depth && a->bits == BITS_SPLIT && b->bits == BITS_SPLIT &&
           a->count + b->count <= JOINED_MAX;
}

/* Puts the second half of a pair into the first one. */
static void join(struct index *index, struct index_segment *into, struct index_segment *from,
                 uint32_t tag)
{
    for (uint32_t i = 0; i < 1u << from->bits; i++) {
        if (from->entries[i].ref != 0)
            segment_put(into, from->entries[i]);
    }
    into->depth--;
    file_segment(index, into, tag);
    index->segment_count--;
    segment_free(index, from);
}

/* Takes what over the segments from *tag on, `most` of them. */
static bool each_segment(struct index *index, uint64_t *tag, uint32_t most,
                         struct index_segment *(*what)(struct index *index,
                                                       struct index_segment *segment, uint32_t tag))
{
    if (index->directory == NULL)
        return false;
    for (; *tag <= UINT32_MAX && most > 0; most--) {
        struct index_segment *segment = index_segment_of(index, (uint32_t)*tag);
        segment = what(index, segment, (uint32_t)*tag);
        *tag += UINT64_C(1) << (32 - segment->depth);
    }
    return *tag <= UINT32_MAX;
}

static struct index_segment *join_segment(struct index *index, struct index_segment *segment,
                                          uint32_t tag)
{
    uint32_t bit = segment->depth == 0 ? 0 : UINT32_C(1) << (32 - segment->depth);
    if (bit != 0 && (tag & bit) == 0) {
        struct index_segment *other = index_segment_of(index, tag | bit);
        if (can_join(segment, other))
            join(index, segment, other, tag);
    }
    return segment;
}

bool index_join(struct index *index, uint64_t *tag, uint32_t most)
{
    return each_segment(index, tag, most, join_segment);
}

static struct index_segment *move_segment(struct index *index, struct index_segment *segment,
                                          uint32_t tag)
{
    if (!heap_should_move(segment))
        return segment;
    segment = heap_move(segment);
    file_segment(index, segment, tag);
    return segment;
}

bool index_move(struct index *index, uint64_t *tag, uint32_t most)
{
    if (*tag == 0 && index->directory != NULL && heap_should_move(index->directory))
        index->directory = heap_move(index->directory);
    return each_segment(index, tag, most, move_segment);
}
