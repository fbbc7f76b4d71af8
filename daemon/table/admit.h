/* admit: memory for a whole batch, before any of it is applied. */
#ifndef CARDINAL_TABLE_ADMIT_H
#define CARDINAL_TABLE_ADMIT_H

#include "daemon/table/table_impl.h"

/* Bytes of the heap that a row with places for these slots may take, new or laid
 * out anew, with what its shard's indices and pool may grow by. */
size_t admit_row_bytes(size_t key_len, const struct slot_mask *slots, unsigned width);

/* What a request may take: as much as is likely to be held, and the most that it
 * can come to, for which there must be address space. */
struct admit_need {
    size_t likely;
    size_t most;
};

/* Reserves that for the table; ST_RESOURCE_EXHAUSTED names it. */
enum status admit_reserve(struct table *table, const struct admit_need *need, struct error *err);
void admit_release(struct table *table, const struct admit_need *need);

/* Claims memory for a request that only reads; ST_RESOURCE_EXHAUSTED names the table. */
enum status admit_claim(struct table *table, size_t bytes, struct error *err);

/* Says that max_memory is reached, for this table. */
enum status admit_refuse(struct table *table, struct error *err);

#endif
