/* union_parts: what a union_scratch is made of, for those who read it. */
#ifndef CARDINAL_SKETCH_UNION_PARTS_H
#define CARDINAL_SKETCH_UNION_PARTS_H

#include "daemon/sketch/token_set.h"
#include "daemon/sketch/union_registers.h"
#include "daemon/sketch/union_scratch.h"

struct union_scratch {
    struct sketch_shape shape;
    size_t contributors;              /* cells that were not empty */
    struct estimate only;             /* of the first contributor */
    bool has_registers;               /* else tokens */
    struct union_registers registers; /* all zero until needed */
    const uint8_t *ahead;             /* registers of the dense cell that is expected, or NULL */
    struct token_set tokens;          /* of no meaning beside registers */
    uint32_t *list;                   /* room for the tokens of a PACKED; NULL until needed */
};

/* Merges in the tokens of many cells. */
enum status union_scratch_add_set(struct union_scratch *scratch, const struct token_set *set);

/* Merges in the ranks of many cells' registers, a byte each. */
enum status union_scratch_add_ranks(struct union_scratch *scratch, const uint8_t *ranks);

/* Puts the union's ranks, a byte each, into out. */
void union_scratch_ranks(const struct union_scratch *scratch, uint8_t *out);

#endif
