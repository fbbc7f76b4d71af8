#include "daemon/sketch/token_set.h"

bool token_set_has(const struct token_set *set, uint32_t token)
{
    uint32_t mask = (1u << set->bits) - 1;
    if (set->bits == 0)
        return false;
    uint32_t slot = token >> (TOKEN_BITS - set->bits);
    while (set->slots[slot] != 0 && !token_same(set->slots[slot], token))
        slot = (slot + 1) & mask; /* there is a free slot */
    return set->slots[slot] != 0;
}

bool token_set_put_all(struct token_set *set, const struct token_set *from)
{
    if (set->count + from->count > token_set_room(set))
        return false;
    for (size_t i = 0; i < token_set_slots(from); i++) {
        if (from->slots[i] != 0 && !token_set_put(set, from->slots[i]))
            return false;
    }
    return true;
}
