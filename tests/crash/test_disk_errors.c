/* A disk that fails: durable writes are refused, the others go on, and durable ones
 * come back when a snapshot that was begun later is on disk. Nothing is lost then. */
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/crash/actor.h"
#include "tests/crash/power_cut.h"
#include "tests/crash/verify.h"
#include "tests/crash/victim.h"
#include "tests/integration/harness/daemon.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scratch_dir.h"

#define TRIES_MAX 1000u /* until the disk fails */
#define HEAL_MS 30000   /* until durable writes are taken again */
#define FLUSHED_MS 2000 /* many flush intervals */

static struct daemon reference;
static struct victim victim;
static struct model *model;
static struct ddl ddl;
static struct actor actor;
static struct dice dice = { 1 };

static void begin(bool has_shim, const char *failpoint)
{
    daemon_start(&reference, DAEMON_UNIX, NULL);
    victim_init(&victim, has_shim);
    victim.options[0] = "--flush-interval-ms=50";
    model = model_new();
    ck_assert_ptr_nonnull(model);
    ck_assert(victim_start(&victim, failpoint));
    ck_assert_int_eq(actor_open(&actor, model, victim.address), OUTCOME_DONE);
    ck_assert_int_eq(actor_make_tables(&actor), OUTCOME_DONE);
}

/* A batch of values of which most are new. */
static enum outcome add(bool durable)
{
    struct adds adds = { .table = 0, .count = 50 };
    for (size_t i = 0; i < adds.count; i++) {
        adds.at[i].key = (uint16_t)dice_below(&dice, model_tables[0].keys);
        adds.at[i].column = (uint16_t)dice_below(&dice, MODEL_COLUMNS);
        adds.at[i].value = dice_below(&dice, model_tables[0].values);
    }
    return actor_add(&actor, &adds, durable, NULL);
}

static void assert_refused(enum outcome outcome)
{
    ck_assert_int_eq(outcome, OUTCOME_REFUSED);
    ck_assert_msg(actor.status == CARDINAL_UNAVAILABLE, "%s", actor.text);
}

static enum outcome create_table(void)
{
    static const char *const columns[] = { "a" };
    cardinal_table_spec spec = CARDINAL_TABLE_SPEC_INIT;
    spec.name = "other";
    spec.columns = columns;
    spec.column_count = 1;
    return actor_outcome(&actor, cardinal_table_create(actor.client, &spec, NULL, NULL));
}

/* Adds durable batches until one is refused. */
static void add_until_refused(void)
{
    enum outcome outcome = OUTCOME_DONE;
    for (unsigned i = 0; i < TRIES_MAX && outcome == OUTCOME_DONE; i++)
        outcome = add(true);
    assert_refused(outcome);
}

static void add_until_taken(void)
{
    int64_t deadline = now_ms() + HEAL_MS;
    enum outcome outcome;
    while ((outcome = add(true)) == OUTCOME_REFUSED && now_ms() < deadline) {
        assert_refused(outcome);
        sleep_ms(5);
    }
    ck_assert_msg(outcome == OUTCOME_DONE, "%s", actor.text);
}

/* So that the next daemon begins with nothing. */
static void remove_folder(void)
{
    struct dirent *entry;
    DIR *dir = opendir(victim.folder);
    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir)) != NULL)
        (void)unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
}

/* Kills the daemon, cuts the power where that can be told, and holds what comes back
 * against the model. */
static void assert_nothing_is_lost(void)
{
    struct verify verify = {
        .model = model, .ddl = &ddl, .dice = &dice, .reference = daemon_address(&reference)
    };
    actor_close(&actor);
    victim_kill(&victim);
    model_crashed(model);
    if (victim.disk_log[0] != '\0')
        power_cut(victim.folder, victim.disk_log, &dice);
    ck_assert(victim_start(&victim, NULL));
    ck_assert_int_eq(actor_open(&actor, model, victim.address), OUTCOME_DONE);
    ck_assert_msg(verify_daemon(&verify, &actor) == OUTCOME_DONE, "%s", actor.text);
    ck_assert_uint_eq(verify.losses, 0);
    actor_close(&actor);
    victim_stop(&victim);
    daemon_stop(&reference);
    model_free(model);
}

static void fail_at(const char *failpoint)
{
    begin(false, failpoint);
    add_until_refused();
    ck_assert_int_eq(add(false), OUTCOME_DONE);
    add_until_taken();
    assert_nothing_is_lost();
}

START_TEST(full_disk_under_a_write_is_outlived)
{
    fail_at("journal-write-before:20:enospc");
}
END_TEST

START_TEST(short_write_is_outlived)
{
    fail_at("journal-write-before:20:short");
}
END_TEST

START_TEST(failed_write_is_outlived)
{
    fail_at("journal-write-before:20:eio");
}
END_TEST

START_TEST(failed_sync_is_outlived)
{
    fail_at("journal-sync-before:20:eio");
}
END_TEST

/* A snapshot that fails is no answer to a journal that failed: another one is. */
START_TEST(failed_snapshot_is_taken_again)
{
    begin(false, "snapshot-write-before:1:enospc");
    for (unsigned i = 0; i < 20; i++)
        ck_assert_int_eq(add(true), OUTCOME_DONE);
    ck_assert_int_eq(actor_checkpoint(&actor), OUTCOME_REFUSED);
    ck_assert_int_eq(add(true), OUTCOME_DONE); /* the journal is sound */
    ck_assert_int_eq(actor_checkpoint(&actor), OUTCOME_DONE);
    assert_nothing_is_lost();
}
END_TEST

/* Each step of a snapshot and of a switch to another segment, failing in each way: what
 * was asked for is refused or done, and nothing is lost. */
START_TEST(checkpoint_that_fails_at_any_step_is_outlived)
{
    static const char *const failpoints[] = {
        "snapshot-write-before:1:eio",  "snapshot-write-before:2:short",
        "snapshot-write-after:2:eio",   "snapshot-sync-before:1:eio",
        "snapshot-sync-after:1:enospc", "snapshot-slice-before:1:eio",
        "rename-before:1:eio",          "rename-after:1:eio",
        "directory-sync-before:3:eio",  "directory-sync-after:4:eio", /* after the start's */
        "remove-before:2:eio",          "remove-after:3:eio",
        "segment-switch-before:2:eio",  "segment-switch-before:2:enospc",
    };
    for (size_t i = 0; i < sizeof failpoints / sizeof failpoints[0]; i++) {
        begin(false, failpoints[i]);
        ck_assert_int_eq(add(true), OUTCOME_DONE);
        for (unsigned n = 0; n < 3; n++) {
            enum outcome outcome = actor_checkpoint(&actor);
            ck_assert(outcome == OUTCOME_DONE || outcome == OUTCOME_REFUSED);
            ck_assert_int_eq(add(false), OUTCOME_DONE);
        }
        add_until_taken();
        ck_assert_int_eq(actor_checkpoint(&actor), OUTCOME_DONE);
        assert_nothing_is_lost();
        remove_folder();
    }
}
END_TEST

/* ---- a disk that stays broken for a while ----------------------------- */

static void touch(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

/* The disk fails in the way of the variable of disk_shim.c, for some time. */
static void fail_for_a_while(const char *variable)
{
    char path[160];
    scratch_path(path, sizeof path, "fault");
    ck_assert_int_eq(setenv(variable, path, 1), 0);
    begin(true, NULL);
    ck_assert_int_eq(add(true), OUTCOME_DONE);
    touch(path);
    add_until_refused();
    assert_refused(create_table());
    for (unsigned i = 0; i < 50; i++) {
        ck_assert_int_eq(add(false), OUTCOME_DONE);
        sleep_ms(2);
    }
    assert_refused(add(true));
    ck_assert_int_eq(unlink(path), 0);
    add_until_taken();
    for (unsigned i = 0; i < 20; i++)
        ck_assert_int_eq(add(true), OUTCOME_DONE);
    assert_nothing_is_lost();
}

START_TEST(disk_that_is_full_for_a_while_is_outlived)
{
    fail_for_a_while("CRASH_DISK_FULL");
}
END_TEST

START_TEST(disk_that_cannot_sync_for_a_while_is_outlived)
{
    fail_for_a_while("CRASH_DISK_BROKEN");
}
END_TEST

/* The flush interval bounds what of memory-acknowledged values a loss of power takes. */
START_TEST(what_is_older_than_the_flush_interval_outlives_a_power_cut)
{
    uint64_t before;
    uint64_t after;
    begin(true, NULL); /* an interval of 50 ms */
    for (unsigned i = 0; i < 20; i++)
        ck_assert_int_eq(add(false), OUTCOME_DONE);
    ck_assert_int_eq(verify_fingerprint(&actor, &before), OUTCOME_DONE);
    sleep_ms(FLUSHED_MS);
    actor_close(&actor);
    victim_kill(&victim);
    power_cut(victim.folder, victim.disk_log, &dice);
    ck_assert(victim_start(&victim, NULL));
    ck_assert_int_eq(actor_open(&actor, model, victim.address), OUTCOME_DONE);
    ck_assert_int_eq(verify_fingerprint(&actor, &after), OUTCOME_DONE);
    ck_assert_uint_eq(before, after);
    actor_close(&actor);
    victim_stop(&victim);
    daemon_stop(&reference);
    model_free(model);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        full_disk_under_a_write_is_outlived,
        short_write_is_outlived,
        failed_write_is_outlived,
        failed_sync_is_outlived,
        failed_snapshot_is_taken_again,
        checkpoint_that_fails_at_any_step_is_outlived,
        disk_that_is_full_for_a_while_is_outlived, /* from here on with disk_shim.c */
        disk_that_cannot_sync_for_a_while_is_outlived,
        what_is_older_than_the_flush_interval_outlives_a_power_cut,
    };
    size_t count = sizeof tests / sizeof tests[0];
    return run_integration("disk_errors", tests, DISK_SHIM[0] == '\0' ? count - 3 : count);
}
