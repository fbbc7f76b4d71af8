/* index: finds a shard's rows by the hash of their key.
 *
 * Extendible hashing: a directory of segments, each an open-addressed table of
 * (tag, reference) pairs, probed linearly. A segment that is full doubles up to
 * 512 slots, then splits in two, so that the index grows by one segment at a
 * time: no insertion moves more than a segment (under 3 microseconds). The tag
 * is 32 bits of the hash: its top bits choose the segment, its low bits the
 * slot, and equal tags mean equal keys but for one pair in 2^32, so growing
 * looks at no row.
 *
 * Takes 8 bytes a slot at loads between 0.44 and 0.88. Thread safety: none. */
#ifndef CARDINAL_TABLE_INDEX_H
#define CARDINAL_TABLE_INDEX_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct index_entry {
    uint32_t tag;
    uint32_t ref; /* 0: free */
};

struct index_segment {
    uint32_t count; /* entries in use */
    uint16_t depth; /* top bits of the tag that all entries share */
    uint16_t bits;  /* log2 of the slots */
    struct index_entry entries[];
};

struct index {
    struct index_segment **directory; /* by the tag's top `depth` bits */
    uint32_t depth;
    uint32_t segment_count;
    size_t held_bytes; /* of heap */
};

/* An index of nothing; takes no memory yet. */
void index_init(struct index *index);
void index_release(struct index *index);

/* Makes room for one more entry with this tag; false without memory, with
 * nothing changed. */
bool index_reserve(struct index *index, uint32_t tag);

/* Adds an entry after index_reserve() of its tag. */
void index_put(struct index *index, uint32_t tag, uint32_t ref);

/* Joins pairs of segments that fit one well, from *tag on, 0 at first, and moves it
 * past the `most` that it looks at; whether there are more. */
bool index_join(struct index *index, uint64_t *tag, uint32_t most);

/* Moves what the heap wants elsewhere, in the same way. */
bool index_move(struct index *index, uint64_t *tag, uint32_t most);

/* Where a search is. */
struct index_probe {
    struct index_segment *segment;
    uint32_t slot;
};

/* Removes the entry that the probe found. */
void index_remove(struct index_probe *probe);

static inline struct index_segment *index_segment_of(const struct index *index, uint32_t tag)
{
    return index->directory[(uint64_t)tag << index->depth >> 32];
}

/* Asks the CPU for the memory that a search for tag begins with. */
static inline void index_prefetch(const struct index *index, uint32_t tag)
{
    if (index->directory == NULL)
        return;
    const struct index_segment *segment = index_segment_of(index, tag);
    __builtin_prefetch(segment);
    __builtin_prefetch(&segment->entries[tag & 0x1ff]); /* right for full-size segments */
}

/* Goes on to the entry with this tag that comes at or after the probe's slot;
 * its reference, or 0 if there is none. */
static inline uint32_t index_probe_at(struct index_probe *probe, uint32_t tag)
{
    uint32_t mask = (1u << probe->segment->bits) - 1;
    for (;; probe->slot = (probe->slot + 1) & mask) {
        const struct index_entry *entry = &probe->segment->entries[probe->slot];
        if (entry->ref == 0 || entry->tag == tag)
            return entry->ref;
    }
}

/* The first reference filed under tag, or 0. */
static inline uint32_t index_first(const struct index *index, uint32_t tag,
                                   struct index_probe *probe)
{
    if (index->directory == NULL)
        return 0;
    probe->segment = index_segment_of(index, tag);
    probe->slot = tag & ((1u << probe->segment->bits) - 1);
    return index_probe_at(probe, tag);
}

/* The next one after what the probe found, or 0. */
static inline uint32_t index_next(struct index_probe *probe, uint32_t tag)
{
    probe->slot = (probe->slot + 1) & ((1u << probe->segment->bits) - 1);
    return index_probe_at(probe, tag);
}

/* Puts another reference in place of the one that the probe found. */
static inline void index_replace(struct index_probe *probe, uint32_t ref)
{
    assert(probe->segment != NULL);
    probe->segment->entries[probe->slot].ref = ref;
}

#endif
