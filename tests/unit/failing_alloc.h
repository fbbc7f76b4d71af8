/* Allocation failure on demand, for programs linked with --wrap=malloc and its
 * kin (cardinal_unit_test(.. FAILING_ALLOC)).
 *
 * Address space that is mapped without being reserved is the heap's, and does not fail
 * here: with FAILING_HEAP the heap's own functions do.
 *
 * All threads' allocations count together; arm and disarm in one of them. */
#ifndef CARDINAL_TESTS_FAILING_ALLOC_H
#define CARDINAL_TESTS_FAILING_ALLOC_H

#include <stdbool.h>

/* Lets the next n allocations succeed and fails the one after, once. */
void failing_alloc_arm(long n);

/* Is this allocation the one that fails? */
bool failing_alloc_is_due(void);

/* Stops failing; returns whether an allocation was failed since it was armed. */
bool failing_alloc_disarm(void);

#endif
