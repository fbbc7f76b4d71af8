/* side: a store in a scratch directory, the catalog that it keeps, and the one table of
 * that, "t". What goes wrong fails the test. */
#ifndef CARDINAL_TESTS_STORE_SIDE_H
#define CARDINAL_TESTS_STORE_SIDE_H

#include <stdint.h>

#include "daemon/store/keeper.h"
#include "daemon/store/store.h"
#include "daemon/table/catalog.h"
#include "tests/unit/store/scratch.h"

struct side {
    const struct scratch *scratch;
    struct store *store;
    struct keeper *keeper;
    struct catalog *catalog;
    struct table *table; /* NULL: there is none yet */
};

/* Recovers what the scratch directory holds, and goes on with it. */
void side_open(struct side *side, const struct scratch *scratch, uint64_t shard_seed);
void side_close(struct side *side);

/* Makes the table, with columns of these names. */
void side_make_table(struct side *side, const struct bytes_view *names, uint32_t count);

/* Recovers into the side's catalog, from its store's directory. */
enum status side_recover(struct side *side, unsigned threads, struct error *err);

/* Takes a snapshot. */
void side_checkpoint(struct side *side, const struct task *task);

/* Ends what one side's store does, and recovers from the directory: the same keys,
 * registers and estimates, to the last bit. */
void side_reopen(struct side *was, struct side *is);

#endif
