/* A connection to cardinald under load, for cardinal_target.c; see struct target_kind. */
#ifndef CARDINAL_BENCH_CARDINAL_LINK_H
#define CARDINAL_BENCH_CARDINAL_LINK_H

#include <cardinal.h>

#include "client/bench/settings.h"

struct link;
struct result;

struct cardinal_target {
    cardinal_client *client;
    char table[64]; /* "": none was made */
};

enum exit_status cardinal_link_connect(const struct settings *settings, cardinal_client **out);

enum exit_status cardinal_link_open(struct link *link);
void cardinal_link_close(struct link *link);
void cardinal_link_send(struct link *link, uint64_t due, struct result *result);
void cardinal_link_push(struct link *link, struct result *result);
void cardinal_link_collect(struct link *link, struct result *result);
void cardinal_link_drain(struct link *link, struct result *result);
int cardinal_link_fd(const struct link *link);
short cardinal_link_events(const struct link *link);

#endif
