/* union_parts: what a union_scratch is made of, for those who read it. */
#ifndef CARDINAL_SKETCH_UNION_PARTS_H
#define CARDINAL_SKETCH_UNION_PARTS_H

#include "daemon/sketch/union_registers.h"
#include "daemon/sketch/union_scratch.h"

struct union_scratch {
    struct sketch_shape shape;
    size_t contributors;              /* cells that were not empty */
    struct estimate only;             /* of the first contributor */
    bool has_registers;               /* else tokens */
    struct union_registers registers; /* all zero until needed */
    const uint8_t *ahead;             /* registers of the dense cell that is expected, or NULL */
    uint32_t *tokens;                 /* token_count of them; NULL until needed */
    uint32_t *spare_tokens;           /* of the same size, for the next union */
    uint32_t token_count;
};

/* Merges in the ranks of many cells' registers, a byte each. On
 * ST_RESOURCE_EXHAUSTED the scratch is as it was. */
enum status union_scratch_add_ranks(struct union_scratch *scratch, const uint8_t *ranks);

/* Puts the union's ranks, a byte each, into out. */
void union_scratch_ranks(const struct union_scratch *scratch, uint8_t *out);

#endif
