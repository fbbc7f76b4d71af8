/* One command in the protocol of Redis, put together word by word, which are copied.
 * Room for the longest is made once. */
#ifndef CARDINAL_BENCH_REDIS_COMMAND_H
#define CARDINAL_BENCH_REDIS_COMMAND_H

#include <hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct redis_command {
    const char **words;
    size_t *lengths;
    int count;
    int max_words;
    char *bytes; /* of all words */
    size_t used;
    size_t max_bytes;
};

/* Room for so many words of so many bytes at most, the command's name included. False:
 * no memory; release it either way. */
bool redis_command_init(struct redis_command *command, uint32_t words, size_t word_bytes);
void redis_command_release(struct redis_command *command);

void redis_command_begin(struct redis_command *command, const char *name);
void redis_command_add(struct redis_command *command, const void *word, size_t len);

/* Puts it after what is to be sent; a failure is left in redis->err. */
void redis_command_append(const struct redis_command *command, redisContext *redis);

#endif
