/* heap: memory for what tables keep, exactly counted, certain where it was set
 * aside, and movable.
 *
 * Blocks are cut from spans of blocks of one size, without a header of their
 * own. Sizes go up in steps of 16 bytes to 2 KiB, then by 64 steps a doubling,
 * so that at most 1.6 % are lost to rounding; blocks of more than 128 KiB have
 * spans, or mappings, of their own. A span that has become empty is free for
 * any other size at once.
 *
 * Moving: heap_compact() chooses spans that are so empty that their blocks fit
 * into others of their class, and puts nothing into them any more. Whoever owns
 * a block asks heap_should_move() and copies it to a new one.
 *
 * Certainty: what heap_set_aside() granted can be allocated by threads between
 * heap_draw(true) and heap_draw(false), whatever others do meanwhile.
 *
 * Thread safety: every function may be called from any thread; a block may be
 * freed by another thread than the one that had it. */
#ifndef CARDINAL_MEMORY_HEAP_H
#define CARDINAL_MEMORY_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAP_ALIGNMENT 16u
#define HEAP_UNIT_BYTES ((size_t)16 << 10)
#define HEAP_UNTOUCHED_MAX ((size_t)128 << 10)

/* Memory aligned to HEAP_ALIGNMENT; NULL without memory. size is not 0. */
void *heap_alloc(size_t size);
void *heap_alloc_zeroed(size_t size);

/* The same for a multiple of HEAP_UNIT_BYTES, not above HEAP_UNTOUCHED_MAX, of
 * whose pages none is held before heap_touch(): it says that the block is going
 * to be written up to end, and returns up to where its pages are held. */
void *heap_alloc_untouched(size_t size);
size_t heap_touch(void *block, size_t end);

/* As realloc(): the block, moved if need be; NULL without memory, with the block
 * as it was. NULL stands for no block. */
void *heap_realloc(void *block, size_t size);

void heap_free(void *block); /* accepts NULL */

/* What an allocation of size bytes takes. */
size_t heap_block_bytes(size_t size);

/* Bytes of pages that are held; of these, free for any size; and bytes of blocks
 * in use. */
size_t heap_held_bytes(void);
size_t heap_idle_bytes(void);
size_t heap_used_bytes(void);

/* Bytes of blocks that this thread took, less those that it freed, modulo 2^64:
 * two looks at it tell what came in between. */
size_t heap_thread_bytes(void);

/* Sets aside address space for that many bytes of spans; false without. What is
 * set aside is not held yet. */
bool heap_set_aside(size_t bytes);
void heap_put_back(size_t bytes);

/* Bytes of spans that blocks of every size to block_max may need beside what
 * the blocks themselves take. */
size_t heap_span_bytes(size_t block_max);

/* May this thread's allocations use what was set aside? */
void heap_draw(bool draws);
bool heap_draws(void);

/* Chooses spans to empty, as far as that frees pages; returns how many bytes of
 * pages that would free. Those chosen before and not emptied may be chosen again. */
size_t heap_compact(void);

/* Is the block to be moved? */
bool heap_should_move(const void *block);

/* A copy of a block that is to be moved, which is freed; the block itself where
 * there is no memory. */
void *heap_move(void *block);

/* Gives the kernel back the pages that are free, all but keep_bytes. */
void heap_purge(size_t keep_bytes);

#endif
