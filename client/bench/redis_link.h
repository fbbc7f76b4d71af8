/* A connection under load to a server that speaks the protocol of Redis, for
 * redis_target.c; see struct target_kind. */
#ifndef CARDINAL_BENCH_REDIS_LINK_H
#define CARDINAL_BENCH_REDIS_LINK_H

#include <hiredis.h>
#include <stddef.h>

#include "client/bench/settings.h"
#include "client/bench/workload.h"

struct link;
struct result;

/* Of its PFCOUNT: 1.04 / sqrt(2^14). */
#define REDIS_RSE 0.008125

#define REDIS_KEY_BYTES 32u

/* Writes the key of a cell, which has the column in it where there are several;
 * returns its length. */
size_t redis_link_key(char key[REDIS_KEY_BYTES], const struct workload *workload, uint32_t rank,
                      uint32_t column);

/* Connects to the server that the settings name; *out is NULL on failure. */
enum exit_status redis_link_connect(const struct settings *settings, redisContext **out);

enum exit_status redis_link_open(struct link *link);
void redis_link_close(struct link *link);
void redis_link_send(struct link *link, uint64_t due, struct result *result);
void redis_link_push(struct link *link, struct result *result);
void redis_link_collect(struct link *link, struct result *result);
void redis_link_drain(struct link *link, struct result *result);
int redis_link_fd(const struct link *link);
short redis_link_events(const struct link *link);

#endif
