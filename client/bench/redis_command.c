#include "client/bench/redis_command.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

bool redis_command_init(struct redis_command *command, uint32_t words, size_t word_bytes)
{
    *command = (struct redis_command){
        .words = calloc(words, sizeof *command->words),
        .lengths = calloc(words, sizeof *command->lengths),
        .max_words = (int)words,
        .bytes = calloc(words, word_bytes),
        .max_bytes = words * word_bytes,
    };
    return command->words != NULL && command->lengths != NULL && command->bytes != NULL;
}

void redis_command_release(struct redis_command *command)
{
    free(command->words);
    free(command->lengths);
    free(command->bytes);
}

void redis_command_begin(struct redis_command *command, const char *name)
{
    command->count = 0;
    command->used = 0;
    redis_command_add(command, name, strlen(name));
}

void redis_command_add(struct redis_command *command, const void *word, size_t len)
{
    assert(command->count < command->max_words && len <= command->max_bytes - command->used);
    char *to = command->bytes + command->used;
    memcpy(to, word, len);
    command->words[command->count] = to;
    command->lengths[command->count++] = len;
    command->used += len;
}

void redis_command_append(const struct redis_command *command, redisContext *redis)
{
    (void)redisAppendCommandArgv(redis, command->count, command->words, command->lengths);
}
