/* our_side: a daemon of ours with one table, to be held against another program. */
#ifndef CARDINAL_TESTS_OUR_SIDE_H
#define CARDINAL_TESTS_OUR_SIDE_H

#include "client/include/cardinal.h"
#include "tests/integration/harness/daemon.h"

#define OUR_TABLE "sketches"
#define OUR_COLUMN "value"

/* A sketch's bytes; give them back with sketch_free(). */
struct sketch {
    uint8_t *bytes;
    size_t len;
};

void sketch_free(struct sketch *sketch);

struct our_side {
    struct daemon daemon;
    cardinal_client *client;
    cardinal_batch *batch;
};

/* Starts it, with a table of this hash. */
void our_side_begin(struct our_side *side, cardinal_hash hash);
void our_side_end(struct our_side *side);

/* The text of value number n, the same for every program. */
size_t value_text(char out[24], uint64_t n);

/* Adds values first .. last - 1 to a key. */
void our_side_add(struct our_side *side, const char *key, uint64_t first, uint64_t last);

/* Makes sure that the key is there, whether or not it has values. */
void our_side_touch(struct our_side *side, const char *key);

struct sketch our_side_export(struct our_side *side, const char *key, cardinal_format format);
void our_side_import(struct our_side *side, const char *key, cardinal_format format,
                     const struct sketch *sketch);
/* Merges two keys into a third. */
void our_side_merge(struct our_side *side, const char *into, const char *a, const char *b);
double our_side_count(struct our_side *side, const char *key);

#endif
