/* A repair that is cut off, or whose disk fails, at any of its steps: what it was to
 * repair is there in full, in the folder or among what it kept, and a second one comes to
 * the same end. What an earlier repair kept is never written over. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/store/failpoint.h"
#include "tests/crash/folders.h"
#include "tests/integration/harness/calls.h"
#include "tests/integration/harness/daemon.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/programs.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scratch_dir.h"

#define PASSES_MAX 12u /* of one failpoint in a repair, at most */

static const char *const columns[] = { "c" };
static char original[160]; /* a folder with a damaged segment */
static char copy[160];

static void damage(const char *name, void *arg)
{
    (void)arg;
    if (strncmp(name, "journal-", 8) == 0)
        flip(original, name, size_of(original, name) / 2, 3);
}

static void begin(void)
{
    struct daemon daemon;
    struct wire wire;
    scratch_path(original, sizeof original, "original");
    scratch_path(copy, sizeof copy, "copy");
    const char *const options[] = { "--data-dir", original, "--default-ack", "durable", NULL };
    daemon_start(&daemon, DAEMON_UNIX, options);
    call_connect(&wire, daemon_address(&daemon));
    call_create(&wire, "t", columns, 1, 0);
    for (uint64_t i = 0; i < 8; i++) {
        char key[8];
        snprintf(key, sizeof key, "k%u", (unsigned)i);
        call_add(&wire, "t", key, "c", i, 20);
    }
    wire_close(&wire);
    daemon_kill(&daemon);
    each_entry(original, damage, NULL);
}

/* Repairs the copy; the exit status. */
static int repair(const char *failpoint)
{
    const char *const argv[] = { PROGRAM_CARDINALD, "--repair", copy, NULL };
    struct run run;
    if (failpoint != NULL)
        setenv("CARDINALD_FAILPOINT", failpoint, 1);
    run_program(&run, argv);
    unsetenv("CARDINALD_FAILPOINT");
    int status = run.exit_status;
    if (status == 1)
        ck_assert_msg(strncmp(run.err, "cardinald: ", 11) == 0, "%s: '%s'", failpoint, run.err);
    run_release(&run);
    return status;
}

/* The digest of what a daemon makes of the copy. */
static uint64_t digest(void)
{
    struct daemon daemon;
    struct wire wire;
    const char *const options[] = { "--data-dir", copy, NULL };
    daemon_start(&daemon, DAEMON_UNIX, options);
    call_connect(&wire, daemon_address(&daemon));
    uint64_t digest = call_digest(&wire, "t");
    wire_close(&wire);
    daemon_kill(&daemon);
    return digest;
}

/* ---- what was kept ------------------------------------------------------ */

static bool is_same(const char *a, const char *b)
{
    static char bytes[2][1u << 20];
    size_t sizes[2];
    const char *const paths[] = { a, b };
    for (unsigned i = 0; i < 2; i++) {
        FILE *file = fopen(paths[i], "rb");
        if (file == NULL)
            return false;
        sizes[i] = fread(bytes[i], 1, sizeof bytes[i], file);
        fclose(file);
    }
    return sizes[0] == sizes[1] && memcmp(bytes[0], bytes[1], sizes[0]) == 0;
}

/* Looks for a file as it was. */
struct looking {
    const char *name;
    char path[PATH_SIZE]; /* of the original */
    unsigned found;
    unsigned folders;
};

static void look_into(const char *entry, void *arg)
{
    struct looking *looking = arg;
    char folder[PATH_SIZE];
    char path[PATH_SIZE];
    if (strncmp(entry, "damaged-", 8) != 0)
        return;
    path_in(copy, entry, folder);
    path_in(folder, looking->name, path);
    looking->folders++;
    looking->found += is_same(looking->path, path);
}

static void check_kept(const char *name, void *arg)
{
    struct looking looking = { .name = name };
    char path[PATH_SIZE];
    unsigned *folders = arg;
    if (strcmp(name, "LOCK") == 0)
        return;
    path_in(original, name, looking.path);
    path_in(copy, name, path);
    each_entry(copy, look_into, &looking);
    ck_assert_msg(looking.found > 0 || is_same(looking.path, path), "'%s' is gone", name);
    *folders = looking.folders;
}

/* How many folders of what was kept there are. */
static unsigned check_originals(void)
{
    unsigned folders = 0;
    each_entry(original, check_kept, &folders);
    return folders;
}

/* ---- tests -------------------------------------------------------------- */

START_TEST(repair_that_fails_at_any_step_loses_nothing)
{
    static const char *const actions[] = { "kill", "eio", "short" };
    begin();
    copy_folder(original, copy);
    ck_assert_int_eq(repair(NULL), 0);
    uint64_t wanted = digest();
    unsigned failed = 0;
    for (unsigned i = 0; i < FAILPOINT_COUNT; i++) {
        int status = 1;
        for (unsigned nth = 1; status != 0 && nth < PASSES_MAX; nth++) {
            char failpoint[64];
            snprintf(failpoint, sizeof failpoint, "%s:%u:%s", failpoint_name((enum failpoint)i),
                     nth, actions[(i + nth) % 3]);
            copy_folder(original, copy);
            status = repair(failpoint);
            ck_assert_msg(status == 0 || status == 1 || status == 128 + SIGKILL, "%s: %d",
                          failpoint, status);
            failed += status != 0;
            check_originals();
            ck_assert_int_eq(repair(NULL), 0);
            check_originals();
            ck_assert_uint_eq(digest(), wanted);
        }
    }
    ck_assert_uint_ge(failed, 12);
}
END_TEST

static void put_back(const char *name, void *arg)
{
    char from[PATH_SIZE];
    char to[PATH_SIZE];
    (void)arg;
    path_in(original, name, from);
    path_in(copy, name, to);
    (void)unlink(to);
    ck_assert_int_eq(link(from, to), 0);
}

static void remove_snapshot(const char *name, void *arg)
{
    char path[PATH_SIZE];
    (void)arg;
    path_in(copy, name, path);
    if (strncmp(name, "snapshot-", 9) == 0 || strncmp(name, "journal-", 8) == 0)
        ck_assert_int_eq(unlink(path), 0);
}

START_TEST(second_repair_keeps_what_the_first_one_kept)
{
    begin();
    copy_folder(original, copy);
    ck_assert_int_eq(repair(NULL), 0);
    ck_assert_uint_eq(check_originals(), 1);
    each_entry(copy, remove_snapshot, NULL);
    each_entry(original, put_back, NULL); /* a copy that is damaged, too */
    ck_assert_int_eq(repair(NULL), 0);
    ck_assert_uint_eq(check_originals(), 2);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        repair_that_fails_at_any_step_loses_nothing,
        second_repair_keeps_what_the_first_one_kept,
    };
    return RUN_INTEGRATION("repair", tests);
}
