/* postgres_server: a real PostgreSQL of the test's own with postgresql-hll, on a
 * socket in its folder. It refuses to be run by root, which then becomes the
 * user postgres for it. */
#ifndef CARDINAL_TESTS_POSTGRES_SERVER_H
#define CARDINAL_TESTS_POSTGRES_SERVER_H

#include <libpq-fe.h>
#include <sys/types.h>

#include "tests/interop/our_side.h"

struct postgres_server {
    pid_t pid;
    char folder[160];
    PGconn *connection;
};

void postgres_begin(struct postgres_server *server);
void postgres_end(struct postgres_server *server);

/* A query's one value, as text; to be freed. Sketches given stand in it as $1 and
 * $2; b may be NULL. */
char *postgres_ask(struct postgres_server *server, const char *query, const struct sketch *a,
                   const struct sketch *b);

/* The same where the value is an hll. */
struct sketch postgres_sketch(struct postgres_server *server, const char *query,
                              const struct sketch *a, const struct sketch *b);

double postgres_number(struct postgres_server *server, const char *query, const struct sketch *a);

#endif
