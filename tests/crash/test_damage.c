/* Files that are not as they were written: the end of the journal cut at every byte of
 * the last group of writes, and single bits turned over anywhere. What is left of the
 * last group is cut off, and told of; anything else is damage, with which the daemon
 * does not start before it is repaired. Never does it come up with other registers than
 * it had at some moment. */
#include <check.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/crash/actor.h"
#include "tests/crash/dice.h"
#include "tests/crash/folders.h"
#include "tests/integration/harness/daemon.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/programs.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scratch_dir.h"

#define GROUPS 6u
#define FLIPS 120u

static char original[160]; /* what the daemon left */
static char copy[160];     /* what is spoilt */
static char address[160];
static char last_name[64]; /* the newest segment of the journal */
static off_t last_begin;   /* of its last group of writes */
static off_t last_end;
static uint64_t digests[GROUPS]; /* behind each group of writes */

/* ---- files ------------------------------------------------------------ */

static void note_newest(const char *name, void *arg)
{
    (void)arg;
    if (strncmp(name, "journal-", 8) == 0 && strcmp(name, last_name) > 0)
        snprintf(last_name, sizeof last_name, "%.63s", name);
}

static void cut_last(off_t size)
{
    char path[PATH_SIZE];
    path_in(copy, last_name, path);
    ck_assert_int_eq(truncate(path, size), 0);
}

/* ---- daemons ---------------------------------------------------------- */

/* What a start on a folder has come to. */
struct start {
    bool is_ready;
    uint64_t digest;
    int exit_status; /* where it is not ready */
    struct run run;  /* its output */
};

/* 0: there is no such table, since a repair could not save it. */
static uint64_t digest_of(cardinal_client *client)
{
    cardinal_table *table = NULL;
    cardinal_status status = cardinal_table_describe(client, model_tables[0].name, true, &table);
    ck_assert(status == CARDINAL_OK || status == CARDINAL_NOT_FOUND);
    uint64_t digest = table == NULL ? 0 : table->digest;
    cardinal_table_free(table);
    return digest;
}

static bool is_up(pid_t pid, struct actor *actor)
{
    int64_t deadline = now_ms() + PROCESS_TIMEOUT_MS;
    for (;;) {
        if (actor_open(actor, NULL, address) == OUTCOME_DONE)
            return true;
        actor_close(actor);
        siginfo_t info = { 0 };
        ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT), 0);
        if (info.si_pid == pid)
            return false;
        ck_assert_int_lt(now_ms(), deadline);
        sleep_ms(2);
    }
}

/* Starts the daemon on the folder, takes the digest if it comes up, and kills it. */
static struct start start_on(const char *folder)
{
    const char *const argv[] = {
        PROGRAM_CARDINALD, "--listen", address, "--data-dir", folder, NULL
    };
    struct start start = { 0 };
    struct actor actor;
    run_start(&start.run, argv, NULL, 0);
    start.is_ready = is_up(start.run.pid, &actor);
    if (start.is_ready) {
        start.digest = digest_of(actor.client);
        actor_close(&actor);
        kill(start.run.pid, SIGKILL);
    }
    run_finish(&start.run, PROCESS_TIMEOUT_MS);
    start.exit_status = start.run.exit_status;
    return start;
}

static int run_tool(const char *option, struct run *run)
{
    const char *const argv[] = { PROGRAM_CARDINALD, option, copy, NULL };
    run_program(run, argv);
    return run->exit_status;
}

/* ---- what is spoilt --------------------------------------------------- */

/* One group of writes: durable, so that it is in a block of its own. */
static void add_group(struct actor *actor, unsigned number)
{
    struct adds adds = { .table = 0, .count = number == GROUPS - 1 ? 3 : 50 };
    for (size_t i = 0; i < adds.count; i++) {
        adds.at[i].key = (uint16_t)(number * 7 + i);
        adds.at[i].value = (uint32_t)i % model_tables[0].values;
    }
    ck_assert_int_eq(actor_add(actor, &adds, true, NULL), OUTCOME_DONE);
    digests[number] = digest_of(actor->client);
}

/* A snapshot, and a journal of some groups of writes behind it. */
static void begin(void)
{
    const char *const argv[] = {
        PROGRAM_CARDINALD,       "--listen", address, "--data-dir", original,
        "--flush-interval-ms=0", NULL
    };
    struct model *model = model_new();
    struct actor actor;
    struct run run;
    scratch_path(original, sizeof original, "original");
    scratch_path(copy, sizeof copy, "copy");
    snprintf(address, sizeof address, "unix://%s/socket", scratch_dir());
    run_start(&run, argv, NULL, 0);
    while (actor_open(&actor, model, address) != OUTCOME_DONE)
        sleep_ms(2);
    ck_assert_int_eq(actor_make_tables(&actor), OUTCOME_DONE);
    for (unsigned i = 0; i < GROUPS; i++) {
        if (i == 2)
            ck_assert_int_eq(actor_checkpoint(&actor), OUTCOME_DONE);
        if (i == GROUPS - 1) {
            each_entry(original, note_newest, NULL);
            last_begin = size_of(original, last_name);
        }
        add_group(&actor, i);
    }
    actor_close(&actor);
    kill(run.pid, SIGKILL);
    run_finish(&run, PROCESS_TIMEOUT_MS);
    run_release(&run);
    last_end = size_of(original, last_name);
    ck_assert_int_gt(last_end, last_begin);
    model_free(model);
}

START_TEST(journal_cut_in_its_last_group_comes_back_as_it_was_before)
{
    begin();
    for (off_t size = last_begin; size <= last_end; size++) {
        copy_folder(original, copy);
        cut_last(size);
        struct start start = start_on(copy);
        ck_assert_msg(start.is_ready, "cut at %lld: %s", (long long)size, start.run.err);
        ck_assert_uint_eq(start.digest, digests[size == last_end ? GROUPS - 1 : GROUPS - 2]);
        if (size > last_begin && size < last_end)
            ck_assert_msg(strstr(start.run.err, last_name) != NULL,
                          "nothing is said of the cut: %s", start.run.err);
        run_release(&start.run);
    }
}
END_TEST

/* A random bit of a random file, but not of LOCK. */
static void choose_bit(struct dice *dice, char name[PATH_SIZE], off_t *offset)
{
    static char names[16][64];
    size_t count = 0;
    DIR *dir = opendir(original);
    ck_assert_ptr_nonnull(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strchr(entry->d_name, '-') != NULL && size_of(original, entry->d_name) > 0 &&
            count < 16)
            snprintf(names[count++], sizeof names[0], "%.63s", entry->d_name);
    }
    closedir(dir);
    ck_assert_uint_ge(count, 2);
    snprintf(name, PATH_SIZE, "%s", names[dice_below(dice, (unsigned)count)]);
    *offset = (off_t)dice_below(dice, (unsigned)size_of(original, name));
}

static void assert_damage_is_named(const struct start *start, const char *name, off_t offset)
{
    ck_assert_msg(start->exit_status == 1, "'%s' at %lld: exit status %d: %s", name,
                  (long long)offset, start->exit_status, start->run.err);
    ck_assert_msg(strstr(start->run.err, name) != NULL, "'%s' is not named: %s", name,
                  start->run.err);
    ck_assert_msg(strstr(start->run.err, "--repair") != NULL, "no remedy is named: %s",
                  start->run.err);
}

/* What --verify says of the copy, and what the daemon is like once it is repaired. */
static void assert_repair_helps(const char *name)
{
    struct run run;
    ck_assert_int_eq(run_tool("--verify", &run), 1);
    ck_assert_msg(strstr(run.out, name) != NULL || strstr(run.err, name) != NULL,
                  "--verify does not name '%s': %s%s", name, run.out, run.err);
    run_release(&run);
    ck_assert_msg(run_tool("--repair", &run) == 0, "%s", run.err);
    run_release(&run);
    struct start start = start_on(copy);
    ck_assert_msg(start.is_ready, "not ready after a repair: %s", start.run.err);
    run_release(&start.run);
}

START_TEST(flipped_bit_is_damage_or_a_cut_of_the_last_group)
{
    struct dice dice = { 4242 };
    begin();
    for (unsigned i = 0; i < FLIPS; i++) {
        char name[PATH_SIZE];
        off_t offset;
        choose_bit(&dice, name, &offset);
        copy_folder(original, copy);
        flip(copy, name, offset, dice_below(&dice, 8));
        struct start start = start_on(copy);
        bool is_last = strcmp(name, last_name) == 0 && offset >= last_begin;
        if (is_last) {
            ck_assert_msg(start.is_ready, "'%s' at %lld: %s", name, (long long)offset,
                          start.run.err);
            ck_assert_uint_eq(start.digest, digests[GROUPS - 2]);
        } else {
            ck_assert_msg(!start.is_ready, "a bit of '%s' at %lld was not missed", name,
                          (long long)offset);
            assert_damage_is_named(&start, name, offset);
            if (i % 8 == 0)
                assert_repair_helps(name);
        }
        run_release(&start.run);
    }
}
END_TEST

START_TEST(folder_that_no_daemon_wrote_is_not_called_sound)
{
    static const char *const tools[] = { "--verify", "--repair" };
    scratch_path(copy, sizeof copy, "copy");
    ck_assert_int_eq(mkdir(copy, 0700), 0);
    for (unsigned i = 0; i < 2; i++) {
        struct run run;
        ck_assert_int_eq(run_tool(tools[i], &run), 1);
        ck_assert_msg(strstr(run.err, "holds no journal and no snapshot") != NULL, "%s", run.err);
        run_release(&run);
    }
}
END_TEST

START_TEST(sound_folder_is_verified_and_left_as_it_is)
{
    struct run run;
    begin();
    copy_folder(original, copy);
    ck_assert_msg(run_tool("--verify", &run) == 0, "%s", run.err);
    run_release(&run);
    struct start start = start_on(copy);
    ck_assert(start.is_ready);
    ck_assert_uint_eq(start.digest, digests[GROUPS - 1]);
    run_release(&start.run);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        journal_cut_in_its_last_group_comes_back_as_it_was_before,
        flipped_bit_is_damage_or_a_cut_of_the_last_group,
        folder_that_no_daemon_wrote_is_not_called_sound,
        sound_folder_is_verified_and_left_as_it_is,
    };
    return RUN_INTEGRATION("damage", tests);
}
