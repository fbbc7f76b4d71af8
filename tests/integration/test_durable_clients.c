/* Durable acknowledgements asked for by the command line and the client library. */
#include <cardinal.h>
#include <check.h>

#include "tests/integration/disk_scene.h"
#include "tests/integration/harness/cli.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/programs.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scratch_dir.h"

START_TEST(command_line_asks_for_the_disk)
{
    struct disk_scene scene;
    struct run run;
    disk_scene_begin(&scene, NULL, NULL);
    uint64_t before = disk_scene_syncs(&scene);
    CLI(&run, daemon_address(&scene.daemon), "add", "t", "k", "c", "x", "--ack", "durable");
    run_release(&run);
    ck_assert_uint_eq(disk_scene_syncs(&scene), before + 1);
    CLI(&run, daemon_address(&scene.daemon), "add", "t", "k", "c", "y", "--ack", "memory");
    run_release(&run);
    ck_assert_uint_eq(disk_scene_syncs(&scene), before + 1);
    disk_scene_end(&scene);
}
END_TEST

/* How many syncs a command line takes. */
static uint64_t syncs_of(struct disk_scene *scene, const char *const *words)
{
    const char *argv[16] = { PROGRAM_CARDINAL, "--server", daemon_address(&scene->daemon) };
    struct run run;
    size_t count = 3;
    for (; *words != NULL; words++)
        argv[count++] = *words;
    uint64_t before = disk_scene_syncs(scene);
    run_program(&run, argv);
    ck_assert_msg(run.exit_status == 0, "%s", run.err);
    run_release(&run);
    return disk_scene_syncs(scene) - before;
}

#define SYNCS(scene, ...) syncs_of(scene, (const char *const[]){ __VA_ARGS__, NULL })

START_TEST(merges_and_imports_ask_for_the_disk_too)
{
    struct disk_scene scene;
    char path[160];
    disk_scene_begin(&scene, NULL, NULL);
    scratch_path(path, sizeof path, "sketch");
    disk_scene_add(&scene, 0, 100, MEMORY);
    ck_assert_uint_eq(SYNCS(&scene, "merge", "t", "a", "k", "--ack", "memory"), 0);
    ck_assert_uint_eq(SYNCS(&scene, "merge", "t", "b", "k", "--ack", "durable"), 1);
    ck_assert_uint_eq(SYNCS(&scene, "export", "t", "k", "c", "--out", path), 0);
    ck_assert_uint_eq(SYNCS(&scene, "import", "t", "d", "c", path), 0);
    ck_assert_uint_eq(SYNCS(&scene, "import", "t", "e", "c", path, "--ack", "durable"), 1);
    disk_scene_end(&scene);
}
END_TEST

START_TEST(batches_that_do_not_say_are_answered_as_the_client_is)
{
    struct disk_scene scene;
    cardinal_options options = CARDINAL_OPTIONS_INIT;
    cardinal_client *client;
    disk_scene_begin(&scene, NULL, NULL);
    options.address = daemon_address(&scene.daemon);
    options.ack = CARDINAL_ACK_DURABLE;
    ck_assert_int_eq(cardinal_connect(&options, &client, NULL), CARDINAL_OK);
    for (unsigned i = 0; i < 2; i++) {
        cardinal_batch_options batch_options = CARDINAL_BATCH_OPTIONS_INIT;
        cardinal_batch *batch;
        uint64_t before = disk_scene_syncs(&scene);
        batch_options.ack = i == 0 ? CARDINAL_ACK_DEFAULT : CARDINAL_ACK_MEMORY;
        ck_assert_int_eq(cardinal_batch_open(client, "t", NULL, 0, &batch_options, &batch),
                         CARDINAL_OK);
        ck_assert_int_eq(cardinal_batch_int(batch, "k", 1, 0, (int64_t)i), CARDINAL_OK);
        ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK);
        cardinal_batch_close(batch);
        ck_assert_uint_eq(disk_scene_syncs(&scene) - before, i == 0 ? 1 : 0);
    }
    cardinal_close(client);
    options.ack = (cardinal_ack)3;
    ck_assert_int_eq(cardinal_connect(&options, &client, NULL), CARDINAL_ERR_USAGE);
    disk_scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        command_line_asks_for_the_disk,
        merges_and_imports_ask_for_the_disk_too,
        batches_that_do_not_say_are_answered_as_the_client_is,
    };
    return RUN_INTEGRATION("durable clients", tests);
}
