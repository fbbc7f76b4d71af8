#include "tests/crash/rounds.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/crash/crowd.h"
#include "tests/crash/power_cut.h"
#include "tests/crash/verify.h"
#include "tests/crash/victim.h"
#include "tests/integration/harness/daemon.h"
#include "tests/integration/harness/process.h"

#define FOLDER_ROUNDS 25u /* kills that one data folder sees */
#define WRITE_MS_MAX 120u
#define FAILPOINT_MS 600      /* how long one is waited for */
#define FAILPOINT_NEW_MS 5000 /* one that was never reached before */
#define CUT_TAIL_BYTES 100

struct rounds {
    const struct rounds_options *options;
    struct rounds_result *result;
    struct dice dice;
    struct daemon reference;
    struct victim victim;
    struct model *model;
    struct ddl ddl;
    char failpoint[64];
    bool has_fault; /* the failpoint fails, and does not kill */
    char flush_interval[32];
    uint64_t fingerprint; /* of what was there when it was killed last */
    bool has_fingerprint;
};

/* ---- the data folder -------------------------------------------------- */

static void remove_files(const char *folder)
{
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
}

/* Cuts the end off the newest segment of the journal that has blocks. */
static void cut_tail(const char *folder)
{
    char newest[512] = "";
    char path[512];
    struct stat status;
    DIR *dir = opendir(folder);
    ck_assert_ptr_nonnull(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (strncmp(entry->d_name, "journal-", 8) == 0 && stat(path, &status) == 0 &&
            status.st_size > 2 * CUT_TAIL_BYTES && strcmp(path, newest) > 0)
            memcpy(newest, path, sizeof newest);
    }
    closedir(dir);
    if (newest[0] != '\0' && stat(newest, &status) == 0)
        ck_assert_int_eq(truncate(newest, status.st_size - CUT_TAIL_BYTES), 0);
}

static void begin_folder(struct rounds *rounds)
{
    remove_files(rounds->victim.folder);
    power_forget(rounds->victim.disk_log);
    model_free(rounds->model);
    rounds->model = model_new();
    ck_assert_ptr_nonnull(rounds->model);
    memset(&rounds->ddl, 0, sizeof rounds->ddl);
    rounds->has_fingerprint = false;
}

/* ---- a round ---------------------------------------------------------- */

static void refuse(const struct actor *actor)
{
    ck_abort_msg("the daemon refused what it should have done: %s", actor->text);
}

/* The failpoint at which it was killed least often, any of those. */
static enum failpoint least_reached(struct rounds *rounds)
{
    const unsigned *reached = rounds->result->at_failpoints;
    unsigned first = dice_below(&rounds->dice, FAILPOINT_COUNT);
    unsigned least = first;
    for (unsigned i = 0; i < FAILPOINT_COUNT; i++) {
        unsigned at = (first + i) % FAILPOINT_COUNT;
        least = reached[at] < reached[least] ? at : least;
    }
    return (enum failpoint)least;
}

/* A failpoint that kills; or, one time in five if it has killed already, at which the disk
 * fails, once or from then on. */
static void choose_failpoint(struct rounds *rounds, enum failpoint failpoint)
{
    static const char *const faults[] = { ":eio", "+:eio", ":enospc", "+:enospc", ":short" };
    struct dice *dice = &rounds->dice;
    bool is_first = rounds->result->at_failpoints[failpoint] == 0;
    unsigned nth = is_first ? 1 : 1 + dice_below(dice, dice_percent(dice, 50) ? 3 : 30);
    rounds->has_fault = !is_first && dice_percent(dice, 20);
    snprintf(rounds->failpoint, sizeof rounds->failpoint, "%s:%u%s", failpoint_name(failpoint), nth,
             rounds->has_fault ? faults[dice_below(dice, 5)] : "");
}

static void choose_options(struct rounds *rounds, enum failpoint *failpoint)
{
    static const unsigned flush_ms[] = { 0, 20, 1000 };
    struct dice *dice = &rounds->dice;
    snprintf(rounds->flush_interval, sizeof rounds->flush_interval, "--flush-interval-ms=%u",
             flush_ms[dice_below(dice, 3)]);
    rounds->victim.options[0] = rounds->flush_interval;
    *failpoint = FAILPOINT_COUNT;
    rounds->has_fault = false;
    if (dice_percent(dice, 40))
        return;
    *failpoint = least_reached(rounds);
    choose_failpoint(rounds, *failpoint);
}

/* What was there when nothing was on its way must be there again, exactly. */
static enum outcome check_fingerprint(struct rounds *rounds, struct actor *actor)
{
    uint64_t fingerprint;
    if (!rounds->has_fingerprint)
        return OUTCOME_DONE;
    enum outcome outcome = verify_fingerprint(actor, &fingerprint);
    if (outcome != OUTCOME_DONE)
        return outcome;
    if (fingerprint != rounds->fingerprint) {
        puts("lost: estimates are others than before the daemon was killed");
        rounds->result->losses++;
    }
    rounds->has_fingerprint = false;
    rounds->result->quiet++;
    return OUTCOME_DONE;
}

static enum outcome take_fingerprint(struct rounds *rounds, struct actor *actor)
{
    struct adds adds = { .count = 1 }; /* one durable answer, so that all before is on disk */
    enum outcome outcome = actor_add(actor, &adds, true, NULL);
    if (outcome == OUTCOME_DONE)
        outcome = verify_fingerprint(actor, &rounds->fingerprint);
    rounds->has_fingerprint = outcome == OUTCOME_DONE;
    return outcome;
}

/* Checks what was recovered; *is_quiet: and takes note of all of it. */
static enum outcome check(struct rounds *rounds, bool is_quiet)
{
    struct actor actor;
    struct verify verify = { .model = rounds->model,
                             .ddl = &rounds->ddl,
                             .dice = &rounds->dice,
                             .reference = daemon_address(&rounds->reference) };
    enum outcome outcome = actor_open(&actor, rounds->model, rounds->victim.address);
    if (outcome == OUTCOME_DONE)
        outcome = actor_make_tables(&actor);
    if (outcome == OUTCOME_DONE)
        outcome = check_fingerprint(rounds, &actor);
    if (outcome == OUTCOME_DONE)
        outcome = verify_daemon(&verify, &actor);
    if (outcome == OUTCOME_DONE && is_quiet)
        outcome = take_fingerprint(rounds, &actor);
    if (outcome == OUTCOME_REFUSED && !(rounds->has_fault && actor_has_no_disk(&actor)))
        refuse(&actor);
    actor_close(&actor);
    rounds->result->losses += verify.losses;
    return outcome;
}

/* Lets clients write until the daemon is dead; true if it was no signal of ours. */
static bool write_and_kill(struct rounds *rounds, int ms)
{
    static struct crowd crowd;
    crowd_begin(&crowd, rounds->model, &rounds->ddl, rounds->victim.address,
                dice_word(&rounds->dice), rounds->has_fault);
    bool died = victim_is_dead(&rounds->victim, ms) || victim_kill(&rounds->victim);
    const char *refusal = crowd_end(&crowd);
    ck_assert_msg(refusal == NULL, "the daemon refused what it should have done: %s", refusal);
    for (unsigned i = 0; i < CROWD_SIZE; i++) {
        rounds->result->answers += crowd.members[i].answers;
        rounds->result->durable_answers += crowd.members[i].durable_answers;
    }
    return died;
}

/* From the start of the daemon to its death; true if that was at its failpoint. */
static bool live_and_die(struct rounds *rounds, enum failpoint failpoint)
{
    bool is_new = failpoint != FAILPOINT_COUNT && rounds->result->at_failpoints[failpoint] == 0;
    bool is_quiet = !is_new && dice_percent(&rounds->dice, 25);
    int ms =
        failpoint == FAILPOINT_COUNT ? (int)dice_below(&rounds->dice, WRITE_MS_MAX) : FAILPOINT_MS;
    rounds->victim.may_fail = rounds->has_fault;
    if (!victim_start(&rounds->victim, failpoint == FAILPOINT_COUNT ? NULL : rounds->failpoint))
        return true;
    if (check(rounds, is_quiet) != OUTCOME_DONE || is_quiet || rounds->result->losses > 0)
        return victim_kill(&rounds->victim);
    return write_and_kill(rounds, ms);
}

static void after_death(struct rounds *rounds)
{
    model_crashed(rounds->model);
    const struct victim *victim = &rounds->victim;
    if (victim->disk_log[0] != '\0' && dice_percent(&rounds->dice, 40)) {
        power_cut(victim->folder, victim->disk_log, &rounds->dice);
        rounds->result->power_cuts++;
    } else if (victim->disk_log[0] != '\0') {
        power_went_on(victim->folder, victim->disk_log);
    }
    if (rounds->options->plant == PLANT_CUT_TAIL)
        cut_tail(rounds->victim.folder);
}

static void play(struct rounds *rounds)
{
    struct rounds_result *result = rounds->result;
    enum failpoint failpoint;
    if (result->kills % FOLDER_ROUNDS == 0)
        begin_folder(rounds);
    choose_options(rounds, &failpoint);
    if (live_and_die(rounds, failpoint) && !rounds->has_fault)
        result->at_failpoints[failpoint]++;
    else
        result->at_random++;
    result->faults += rounds->has_fault;
    result->kills++;
    after_death(rounds);
}

/* What is there after the last kill, and after a stop in peace. */
static void play_out(struct rounds *rounds)
{
    for (unsigned i = 0; i < 2 && rounds->result->losses == 0; i++) {
        ck_assert(victim_start(&rounds->victim, NULL));
        ck_assert_int_eq(check(rounds, true), OUTCOME_DONE);
        victim_stop(&rounds->victim);
    }
}

void rounds_run(const struct rounds_options *options, struct rounds_result *result)
{
    struct rounds *rounds = calloc(1, sizeof *rounds);
    ck_assert_ptr_nonnull(rounds);
    memset(result, 0, sizeof *result);
    rounds->options = options;
    rounds->result = result;
    rounds->dice.state = options->seed;
    daemon_start(&rounds->reference, DAEMON_UNIX, NULL);
    victim_init(&rounds->victim, DISK_SHIM[0] != '\0');
    if (options->plant == PLANT_LAZY_SYNC)
        ck_assert_int_eq(setenv("CRASH_DISK_LAZY", "1", 1), 0);
    while (result->kills < options->kills && result->losses == 0)
        play(rounds);
    if (result->losses == 0)
        play_out(rounds);
    daemon_stop(&rounds->reference);
    model_free(rounds->model);
    free(rounds);
}
