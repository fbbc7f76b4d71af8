/* budget: how much memory the process may take, and who may take more.
 *
 * What is held is the heap's pages, but for those free for anything, and what
 * everything else takes, as somebody says now and then. Who is going to allocate
 * reserves the most that may come to, in memory as in address space, before he
 * changes anything; what he draws then cannot fail (heap_draw()).
 *
 * Thread safety: every function may be called from any thread. */
#ifndef CARDINAL_MEMORY_BUDGET_H
#define CARDINAL_MEMORY_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that may be held at most; UINT64_MAX at first. */
void memory_set_max(uint64_t max);
uint64_t memory_max(void);

/* What is held besides the heap. */
void memory_set_others(uint64_t bytes);

/* What is held, and what is reserved. */
uint64_t memory_held(void);
uint64_t memory_reserved(void);

/* Reserves bytes to be held, and address space for blocks of up to `most` bytes in
 * all, of block_max at most each; false, with nothing reserved, where either is not
 * to be had. */
bool memory_reserve(size_t bytes, size_t most, size_t block_max);
void memory_release(size_t bytes, size_t most, size_t block_max);

/* The same for memory that is not the heap's, for as long as it is used. A little more
 * than the limit may be claimed: when what is kept has reached it, who only asks is to
 * be answered nevertheless. */
bool memory_claim(size_t bytes);
void memory_unclaim(size_t bytes);

/* Counts, and tells, how often something was refused. */
void memory_count_refusal(void);
uint64_t memory_refusals(void);

#endif
