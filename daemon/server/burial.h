/* burial: frees tables away from the loops.
 *
 * A dropped table goes with its last reference, which may be that of a loop that
 * happened to look at it. Freeing millions of keys takes long: the pool does it. */
#ifndef CARDINAL_SERVER_BURIAL_H
#define CARDINAL_SERVER_BURIAL_H

#include "daemon/table/table.h"

/* A table_bury. Frees the table at once only where that is no loop's thread, or
 * where there is no memory to do otherwise. */
void burial_bury(struct table *table);

#endif
