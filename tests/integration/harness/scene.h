/* scene: a daemon with a table that holds something, on which requests are
 * tried that must leave it as it is. */
#ifndef CARDINAL_TESTS_SCENE_H
#define CARDINAL_TESTS_SCENE_H

#include "tests/integration/harness/calls.h"
#include "tests/integration/harness/daemon.h"

#define SCENE_TABLE "visits"
#define SCENE_KEY "page/7" /* has 500 values in column "user" */

struct scene {
    struct daemon daemon;
    struct wire wire; /* has said hello */
    uint64_t table_id;
    uint64_t digest;
};

/* Starts the daemon with options (see daemon_start()) and makes the table, with
 * columns "user" and "agent". */
void scene_begin(struct scene *scene, const char *const *options);

/* Demands that the table, the daemon and the connection are as they were. */
void scene_assert_intact(struct scene *scene);

/* The same of table and daemon, looked at through a new connection, which then
 * takes the place of the old one. */
void scene_assert_intact_elsewhere(struct scene *scene);

/* Sends a request, demands that it is refused so, and that all is intact. Frees
 * the request, which is of requests.h. */
void scene_refuses(struct scene *scene, Cardinal__V1__Request *request, Cardinal__V1__Status status,
                   const char *text);

/* Checks once more and stops the daemon. */
void scene_end(struct scene *scene);

#endif
