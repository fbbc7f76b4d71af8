/* golden: a data directory of an earlier release, and what it holds as text.
 *
 * make_golden DIR writes one of the present format, with the text as DIR/holds. Those
 * of released versions lie under tests/vectors and are never made again. */
#ifndef CARDINAL_TESTS_STORE_GOLDEN_H
#define CARDINAL_TESTS_STORE_GOLDEN_H

#include <stdio.h>

#include "daemon/table/catalog.h"

/* Writes every table with its columns, and every key with its estimates, to twelve
 * digits: the last ones may be another mathematics library's. */
void golden_describe(struct catalog *catalog, FILE *out);

#endif
