/* random_ingest: Ingest messages in every encoding that protobuf allows, good
 * ones and bad ones. */
#ifndef CARDINAL_TESTS_RANDOM_INGEST_H
#define CARDINAL_TESTS_RANDOM_INGEST_H

#include <stddef.h>
#include <stdint.h>

#define RANDOM_INGEST_MAX 4096u /* bytes */

/* A message drawn from *state, which moves on; returns its length. About half
 * of them are well-formed batches, in fields of any order, packed or not, with
 * repeated and unknown fields; the rest have wrong numbers in them or were
 * cut or changed afterwards. */
size_t random_ingest(uint64_t *state, uint8_t out[RANDOM_INGEST_MAX]);

#endif
