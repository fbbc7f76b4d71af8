/* disk_scene: a daemon with a data directory that syncs only when somebody waits for
 * it, a table "t" with a column "c", and a connection. */
#ifndef CARDINAL_TESTS_INTEGRATION_DISK_SCENE_H
#define CARDINAL_TESTS_INTEGRATION_DISK_SCENE_H

#include <stdint.h>

#include "cardinal.pb-c.h"
#include "tests/integration/harness/daemon.h"
#include "tests/integration/harness/wire.h"

#define MEMORY CARDINAL__V1__ACK__ACK_MEMORY
#define DURABLE CARDINAL__V1__ACK__ACK_DURABLE

struct disk_scene {
    char data_dir[160];
    const char *options[8];
    struct daemon daemon;
    struct wire wire;
};

/* Starts it, with one more option of the daemon or NULL. */
void disk_scene_begin(struct disk_scene *scene, const char *option, const char *value);
void disk_scene_end(struct disk_scene *scene);

/* A request that adds values first .. first + count - 1 to key "k"; request_free() it. */
Cardinal__V1__Request *disk_scene_request(uint64_t first, uint64_t count, Cardinal__V1__Ack ack);

/* The same, sent; how many of them changed something. */
uint64_t disk_scene_add(struct disk_scene *scene, uint64_t first, uint64_t count,
                        Cardinal__V1__Ack ack);

/* How often the journal has been synced. */
uint64_t disk_scene_syncs(struct disk_scene *scene);

#endif
