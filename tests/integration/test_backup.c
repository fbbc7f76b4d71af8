/* Backups: a daemon that starts from one has what the other had. */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/integration/harness/calls.h"
#include "tests/integration/harness/cli.h"
#include "tests/integration/harness/daemon.h"
#include "tests/integration/harness/requests.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scratch_dir.h"

#define PATH_BYTES 200u

static const char *const columns[] = { "c", "d" };

struct backup_scene {
    char data_dir[PATH_BYTES];
    char copy[PATH_BYTES];
    const char *options[4];
    struct daemon daemon;
    struct wire wire;
};

static void start(struct backup_scene *scene, const char *data_dir)
{
    const char *const options[] = { "--data-dir", data_dir, NULL };
    memcpy(scene->options, options, sizeof options);
    daemon_start(&scene->daemon, DAEMON_UNIX, scene->options);
    call_connect(&scene->wire, daemon_address(&scene->daemon));
}

static void begin(struct backup_scene *scene)
{
    scratch_path(scene->data_dir, sizeof scene->data_dir, "data");
    scratch_path(scene->copy, sizeof scene->copy, "copy");
    start(scene, scene->data_dir);
}

static void end(struct backup_scene *scene)
{
    wire_close(&scene->wire);
    daemon_stop(&scene->daemon);
}

/* Keys with some values each. */
static void add_keys(struct wire *wire, unsigned keys, uint64_t first, uint64_t count)
{
    char key[24];
    for (unsigned i = 0; i < keys; i++) {
        snprintf(key, sizeof key, "k%u", i);
        call_add(wire, "t", key, columns[i % 2], first * i, count + i);
    }
}

static void back_up(struct backup_scene *scene)
{
    struct run run;
    CLI(&run, daemon_address(&scene->daemon), "backup", scene->copy);
    run_release(&run);
}

START_TEST(daemon_that_starts_from_a_backup_has_the_same_digest_and_estimates)
{
    struct backup_scene scene;
    struct run before;
    struct run after;
    begin(&scene);
    call_create(&scene.wire, "t", columns, 2, 5);
    call_create(&scene.wire, "gone", columns, 1, 5);
    add_keys(&scene.wire, 100, 7, 300);
    call_delete(&scene.wire, "t", "k10");
    call_drop(&scene.wire, "gone");
    uint64_t digest = call_digest(&scene.wire, "t");
    CLI(&before, daemon_address(&scene.daemon), "scan", "t", "--json");
    back_up(&scene);
    add_keys(&scene.wire, 100, 9, 500); /* is not in it any more */
    ck_assert_uint_ne(call_digest(&scene.wire, "t"), digest);
    end(&scene);
    start(&scene, scene.copy);
    ck_assert_uint_eq(call_digest(&scene.wire, "t"), digest);
    CLI(&after, daemon_address(&scene.daemon), "scan", "t", "--json");
    ck_assert_str_eq(after.out, before.out);
    call_create(&scene.wire, "gone", columns, 1, 5);
    run_release(&before);
    run_release(&after);
    end(&scene);
}
END_TEST

START_TEST(backup_while_values_come_in_has_all_that_was_answered_before)
{
    struct backup_scene scene;
    struct run run;
    begin(&scene);
    call_create(&scene.wire, "t", columns, 2, 0);
    add_keys(&scene.wire, 50, 1, 1000);
    cli_start(&run, daemon_address(&scene.daemon),
              (const char *const[]){ "backup", scene.copy, NULL });
    add_keys(&scene.wire, 50, 3, 1000);
    cli_finish(&run);
    run_release(&run);
    uint64_t digest = call_digest(&scene.wire, "t");
    end(&scene);
    start(&scene, scene.copy);
    ck_assert_uint_eq(call_keys(&scene.wire, "t"), 50);
    add_keys(&scene.wire, 50, 3, 1000); /* what may be missing */
    ck_assert_uint_eq(call_digest(&scene.wire, "t"), digest);
    end(&scene);
}
END_TEST

START_TEST(what_is_there_is_not_touched)
{
    struct backup_scene scene;
    Cardinal__V1__Backup backup = CARDINAL__V1__BACKUP__INIT;
    Cardinal__V1__Request request = REQUEST_OF(BACKUP, backup, &backup);
    begin(&scene);
    backup.directory = scene.data_dir;
    call_refused(&scene.wire, &request, CARDINAL__V1__STATUS__STATUS_ALREADY_EXISTS, "data");
    char deep[PATH_BYTES + 8];
    snprintf(deep, sizeof deep, "%s/a/b", scene.copy);
    backup.directory = deep;
    call_refused(&scene.wire, &request, CARDINAL__V1__STATUS__STATUS_NOT_FOUND, "copy/a/b");
    backup.directory = "copy";
    call_refused(&scene.wire, &request, CARDINAL__V1__STATUS__STATUS_INVALID_ARGUMENT, "absolute");
    backup.directory = "";
    call_refused(&scene.wire, &request, CARDINAL__V1__STATUS__STATUS_INVALID_ARGUMENT, "absolute");
    end(&scene);
}
END_TEST

START_TEST(backup_that_the_disk_refuses_leaves_nothing_behind)
{
    struct backup_scene scene;
    struct stat info;
    Cardinal__V1__Backup backup = CARDINAL__V1__BACKUP__INIT;
    Cardinal__V1__Request request = REQUEST_OF(BACKUP, backup, &backup);
    setenv("CARDINALD_FAILPOINT", "snapshot-sync-before:2:enospc", 1); /* the first copy's */
    begin(&scene);
    unsetenv("CARDINALD_FAILPOINT");
    call_create(&scene.wire, "t", columns, 2, 0);
    add_keys(&scene.wire, 10, 1, 10);
    backup.directory = scene.copy;
    call_refused(&scene.wire, &request, CARDINAL__V1__STATUS__STATUS_INTERNAL, "No space left");
    ck_assert_int_ne(stat(scene.copy, &info), 0);
    back_up(&scene);
    ck_assert_int_eq(stat(scene.copy, &info), 0);
    end(&scene);
}
END_TEST

START_TEST(daemon_without_a_data_directory_refuses)
{
    struct backup_scene scene;
    Cardinal__V1__Backup backup = CARDINAL__V1__BACKUP__INIT;
    Cardinal__V1__Request request = REQUEST_OF(BACKUP, backup, &backup);
    scratch_path(scene.copy, sizeof scene.copy, "copy");
    daemon_start(&scene.daemon, DAEMON_UNIX, NULL);
    call_connect(&scene.wire, daemon_address(&scene.daemon));
    backup.directory = scene.copy;
    call_refused(&scene.wire, &request, CARDINAL__V1__STATUS__STATUS_FAILED_PRECONDITION,
                 "data directory");
    end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        daemon_that_starts_from_a_backup_has_the_same_digest_and_estimates,
        backup_while_values_come_in_has_all_that_was_answered_before,
        what_is_there_is_not_touched,
        backup_that_the_disk_refuses_leaves_nothing_behind,
        daemon_without_a_data_directory_refuses,
    };
    return RUN_INTEGRATION("backup", tests);
}
