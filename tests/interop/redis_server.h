/* redis_server: a real redis-server of the test's own, on a socket in its folder. */
#ifndef CARDINAL_TESTS_REDIS_SERVER_H
#define CARDINAL_TESTS_REDIS_SERVER_H

#include <hiredis/hiredis.h>
#include <sys/types.h>

#include "tests/interop/our_side.h"

struct redis_server {
    pid_t pid;
    redisContext *context;
};

void redis_begin(struct redis_server *server);
void redis_end(struct redis_server *server);

/* PFADD of values first .. last - 1; none at all makes an empty sketch. */
void redis_add(struct redis_server *server, const char *key, uint64_t first, uint64_t last);

struct sketch redis_get(struct redis_server *server, const char *key);
void redis_set(struct redis_server *server, const char *key, const struct sketch *sketch);

/* What Redis itself makes of a key's sketch as a dense one. */
struct sketch redis_get_dense(struct redis_server *server, const char *key);

/* Words of a command, by printf's %s alone; the integer it answers (0: a status). */
long long redis_ask(struct redis_server *server, const char *format, ...);

#endif
