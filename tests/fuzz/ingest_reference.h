/* ingest_reference: what protobuf-c and the rules of docs/protocol.md make of an
 * Ingest, to hold the decoder that works in place against.
 *
 * It unpacks with protobuf-c from a copy of the protocol whose strings are
 * bytes, since protobuf-c hands out strings without their length. */
#ifndef CARDINAL_TESTS_INGEST_REFERENCE_H
#define CARDINAL_TESTS_INGEST_REFERENCE_H

#include <stdint.h>

#include "daemon/table/selector.h"

#define REFERENCE_MAX_VALUES 64u /* small, so that tests reach it */

/* Decodes the bytes both ways: NULL where both refuse or both accept and give
 * the same batch, else what differs, in words that live until the next call. */
const char *ingest_difference(struct bytes_view body);

/* How many of the bodies so far were accepted, to see that a test does not only
 * compare refusals. */
uint64_t ingest_accepted(void);

#endif
