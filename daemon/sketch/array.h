/* array: the ARRAY form, some tokens in numeric order.
 *
 * Room is a function of the count alone (the word has it), so the memory holds
 * nothing but tokens. */
#ifndef CARDINAL_SKETCH_ARRAY_H
#define CARDINAL_SKETCH_ARRAY_H

#include "daemon/sketch/cell.h"

#define ARRAY_MAX 16u /* tokens at any precision */

/* Makes *word an ARRAY of n sorted tokens; ST_RESOURCE_EXHAUSTED leaves it. */
enum status array_build(uint64_t *word, const uint32_t *tokens, uint32_t n);

/* Adds a token to an ARRAY of fewer than ARRAY_MAX; *changed says whether it
 * was new, or raised the rho of the one that was there. */
enum status array_add(uint64_t *word, uint32_t token, bool *changed);

/* Where token is in n sorted ones, or belongs; *found says which. */
uint32_t tokens_find(const uint32_t *tokens, uint32_t n, uint32_t token, bool *found);

size_t array_bytes(uint32_t count);

#endif
