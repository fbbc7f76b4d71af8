/* memory_scene: a daemon whose memory is watched while tables are filled through
 * the client library. */
#ifndef CARDINAL_TESTS_MEMORY_SCENE_H
#define CARDINAL_TESTS_MEMORY_SCENE_H

#include <cardinal.h>
#include <stdint.h>

#include "tests/integration/harness/calls.h"
#include "tests/integration/harness/daemon.h"

#define MEMORY_KEY_BYTES 10u

struct memory_scene {
    struct daemon daemon;
    struct wire wire;
    cardinal_client *client;
};

/* What the daemon says it takes, and what the kernel says. */
struct memory_figures {
    uint64_t accounted; /* rows, indices, sketches and unions of tables */
    uint64_t held;      /* all that counts against max_memory */
    uint64_t resident;
    uint64_t heap_held; /* of pages for tables; of these free, and in blocks */
    uint64_t heap_idle;
    uint64_t heap_used;
};

void memory_begin(struct memory_scene *scene, const char *const *options);
void memory_end(struct memory_scene *scene);

cardinal_client *memory_connect(const struct memory_scene *scene);

/* Makes a table of columns c0, c1, .. */
void memory_make_table(struct memory_scene *scene, const char *name, unsigned columns);

/* Shows the figures on stdout. */
void memory_show(const char *when, const struct memory_figures *figures);
void memory_read(struct memory_scene *scene, struct memory_figures *figures);

/* The name of a key by its number. */
void memory_key(char key[MEMORY_KEY_BYTES + 1], uint64_t number);

#endif
