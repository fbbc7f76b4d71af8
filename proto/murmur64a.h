/* MurmurHash64A, the 64-bit variant of Austin Appleby's MurmurHash2 that Redis,
 * Valkey and Doris count strings with. Bytes are taken as little-endian words on
 * every platform, so that the result is the same everywhere. */
#ifndef CARDINAL_PROTO_MURMUR64A_H
#define CARDINAL_PROTO_MURMUR64A_H

#include <stddef.h>
#include <stdint.h>

uint64_t murmur64a(const void *bytes, size_t len, uint64_t seed);

#endif
