#include "tests/integration/disk_scene.h"

#include <string.h>

#include "tests/integration/harness/calls.h"
#include "tests/integration/harness/requests.h"
#include "tests/integration/harness/scratch_dir.h"

static const char *const columns[] = { "c" };

void disk_scene_begin(struct disk_scene *scene, const char *option, const char *value)
{
    scratch_path(scene->data_dir, sizeof scene->data_dir, "data");
    const char *const options[] = {
        "--data-dir", scene->data_dir, "--flush-interval-ms", "0", option, value, NULL,
    };
    memcpy(scene->options, options, sizeof options);
    daemon_start(&scene->daemon, DAEMON_UNIX, scene->options);
    call_connect(&scene->wire, daemon_address(&scene->daemon));
    call_create(&scene->wire, "t", columns, 1, 0);
}

void disk_scene_end(struct disk_scene *scene)
{
    wire_close(&scene->wire);
    daemon_stop(&scene->daemon);
}

Cardinal__V1__Request *disk_scene_request(uint64_t first, uint64_t count, Cardinal__V1__Ack ack)
{
    Cardinal__V1__Request *request = request_add("t", "k", "c", first, count);
    request->ingest->ack = ack;
    return request;
}

uint64_t disk_scene_add(struct disk_scene *scene, uint64_t first, uint64_t count,
                        Cardinal__V1__Ack ack)
{
    Cardinal__V1__Request *request = disk_scene_request(first, count, ack);
    Cardinal__V1__Response *response = call_ok(&scene->wire, request);
    uint64_t changes = response->ingest->changes;
    wire_free(response);
    request_free(request);
    return changes;
}

uint64_t disk_scene_syncs(struct disk_scene *scene)
{
    return call_stat(&scene->wire, "journal.syncs");
}
