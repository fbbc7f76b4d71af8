/* From a TableInfo to the table of the public header. */
#ifndef CARDINAL_CLIENT_TABLE_INFO_H
#define CARDINAL_CLIENT_TABLE_INFO_H

#include "client/lib/client.h"

/* Fills *out, whose strings are those of info, and whose list of columns is made
 * in arena. info may be NULL, as a peer may leave it out. */
cardinal_status table_info_fill(struct cardinal_client *client, struct arena *arena,
                                const Cardinal__V1__TableInfo *info, cardinal_table *out);

/* A table of its own out of an answered call, whose arena it takes over. */
cardinal_status table_info_take(struct cardinal_client *client, struct call *call,
                                const Cardinal__V1__TableInfo *info, cardinal_table **out);

#endif
