"""How values become 64 bits, as docs/protocol.md tells."""

import math
import struct

import xxhash

QUIET_NAN = struct.pack("<Q", 0x7FF8000000000000)


MASK = 2**64 - 1
MURMUR = 0xC6A4A7935BD1E995


def xxh3(data, seed):
    return xxhash.xxh3_64_intdigest(data, seed=seed)


def _fold(word):
    return word ^ (word >> 47)


def murmur64a(data, seed):
    state = seed ^ (len(data) * MURMUR & MASK)
    whole = len(data) // 8 * 8
    for at in range(0, whole, 8):
        word = int.from_bytes(data[at : at + 8], "little")
        word = _fold(word * MURMUR & MASK) * MURMUR & MASK
        state = (state ^ word) * MURMUR & MASK
    if whole < len(data):
        state = (state ^ int.from_bytes(data[whole:], "little")) * MURMUR & MASK
    return _fold(_fold(state) * MURMUR & MASK)


HASHES = {"xxh3": xxh3, "murmur64a": murmur64a}


class Hasher:
    """Hashes the values of tables of one hash function and seed."""

    def __init__(self, seed, function=xxh3):
        self.function = function
        self.seed = seed
        self.int_seed = function(b"cardinal.int", seed)
        self.double_seed = function(b"cardinal.double", seed)

    def string(self, data):
        return self.function(data, self.seed)

    def int(self, value):
        return self.function(struct.pack("<q", value), self.int_seed)

    def double(self, value):
        if math.isnan(value):
            return self.function(QUIET_NAN, self.double_seed)
        zero_made_positive = value + 0.0  # -0.0 + 0.0 is 0.0
        return self.function(struct.pack("<d", zero_made_positive), self.double_seed)
