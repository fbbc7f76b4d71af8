#include "tests/integration/memory_scene.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>

#include "tests/integration/harness/process.h"

#define MIB 1048576.0

cardinal_client *memory_connect(const struct memory_scene *scene)
{
    cardinal_options options = CARDINAL_OPTIONS_INIT;
    cardinal_client *client;
    options.address = daemon_address(&scene->daemon);
    ck_assert_int_eq(cardinal_connect(&options, &client, NULL), CARDINAL_OK);
    return client;
}

void memory_begin(struct memory_scene *scene, const char *const *options)
{
    daemon_start(&scene->daemon, DAEMON_UNIX, options);
    call_connect(&scene->wire, daemon_address(&scene->daemon));
    scene->client = memory_connect(scene);
}

void memory_end(struct memory_scene *scene)
{
    cardinal_close(scene->client);
    wire_close(&scene->wire);
    daemon_stop(&scene->daemon);
}

void memory_make_table(struct memory_scene *scene, const char *name, unsigned columns)
{
    static char names[CARDINAL_COLUMNS_MAX][8];
    const char *list[CARDINAL_COLUMNS_MAX];
    for (unsigned i = 0; i < columns; i++) {
        snprintf(names[i], sizeof names[i], "c%u", i);
        list[i] = names[i];
    }
    cardinal_table_spec spec = CARDINAL_TABLE_SPEC_INIT;
    spec.name = name;
    spec.columns = list;
    spec.column_count = columns;
    ck_assert_int_eq(cardinal_table_create(scene->client, &spec, NULL, NULL), CARDINAL_OK);
}

void memory_read(struct memory_scene *scene, struct memory_figures *figures)
{
    static const char *const parts[] = { "bytes.rows",   "bytes.index", "bytes.rollups",
                                         "bytes.inline", "bytes.array", "bytes.packed",
                                         "bytes.sparse", "bytes.dense" };
    figures->accounted = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        figures->accounted += call_stat(&scene->wire, parts[i]);
    figures->held = call_stat(&scene->wire, "memory.held");
    figures->heap_held = call_stat(&scene->wire, "heap.held");
    figures->heap_idle = call_stat(&scene->wire, "heap.idle");
    figures->heap_used = call_stat(&scene->wire, "heap.used");
    figures->resident = process_resident_bytes(scene->daemon.pid);
}

void memory_show(const char *when, const struct memory_figures *figures)
{
    printf("%s: %.2f MiB resident, %.2f held, %.2f accounted; the heap holds %.2f, %.2f free, %.2f "
           "in blocks\n",
           when, (double)figures->resident / MIB, (double)figures->held / MIB,
           (double)figures->accounted / MIB, (double)figures->heap_held / MIB,
           (double)figures->heap_idle / MIB, (double)figures->heap_used / MIB);
    fflush(stdout);
}

void memory_key(char key[MEMORY_KEY_BYTES + 1], uint64_t number)
{
    snprintf(key, MEMORY_KEY_BYTES + 1, "%010" PRIu64, number * 2654435761u % 10000000000u);
}
