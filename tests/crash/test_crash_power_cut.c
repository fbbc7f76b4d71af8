#include "tests/crash/power_cut.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/run_suite.h"

#define SEEDS 64u /* each rule is tried with so many */

static char base[] = "/tmp/cardinal-power-XXXXXX";
static char folder[64];
static char log_path[64];

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

/* The size of the file in the folder, -1 if there is none. */
static int size_of(const char *name)
{
    struct stat status;
    return stat(path_of(name), &status) == 0 ? (int)status.st_size : -1;
}

static void begin(void)
{
    strcpy(base + sizeof base - 7, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(base));
    snprintf(folder, sizeof folder, "%s/data", base);
    snprintf(log_path, sizeof log_path, "%s/log", base);
    ck_assert_int_eq(mkdir(folder, 0700), 0);
}

static void end(void)
{
    static const char *const names[] = { "a", "b" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(path_of(names[i]));
    ck_assert_int_eq(rmdir(folder), 0);
    ck_assert_int_eq(rmdir(base), 0);
}

static void cut(uint64_t seed, const char *log)
{
    struct dice dice = { seed };
    write_file(log_path, log);
    power_cut(folder, log_path, &dice);
}

START_TEST(power_cut_leaves_what_was_synced)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        begin();
        write_file(path_of("a"), "0123456789");
        cut(seed, "create a\nsync 10 a\nfolder\n");
        ck_assert_int_eq(size_of("a"), 10);
        end();
    }
}
END_TEST

START_TEST(power_cut_takes_what_was_not_synced)
{
    unsigned shorter = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        begin();
        write_file(path_of("a"), "0123456789");
        cut(seed, "create a\nsync 4 a\nfolder\n");
        ck_assert_int_ge(size_of("a"), 4);
        shorter += size_of("a") == 4;
        end();
    }
    ck_assert_uint_gt(shorter, SEEDS / 8);
}
END_TEST

START_TEST(power_cut_may_take_a_file_whose_folder_was_not_synced)
{
    unsigned gone = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        begin();
        write_file(path_of("a"), "0123456789");
        cut(seed, "create a\nsync 10 a\n");
        gone += size_of("a") < 0;
        ck_assert(size_of("a") < 0 || size_of("a") == 10);
        end();
    }
    ck_assert_uint_gt(gone, SEEDS / 8);
    ck_assert_uint_lt(gone, SEEDS - SEEDS / 8);
}
END_TEST

START_TEST(power_cut_may_undo_a_rename_and_what_came_after_it)
{
    unsigned undone = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        char log[256];
        char grave[96];
        begin();
        snprintf(grave, sizeof grave, "%s/grave", base);
        write_file(path_of("b"), "new");
        write_file(grave, "old one");
        snprintf(log, sizeof log, "create t\nsync 3 t\nfolder\nrename t b\nunlink a %s\n", grave);
        cut(seed, log);
        undone += size_of("t") == 3;
        ck_assert(size_of("t") < 0 || size_of("b") < 0);
        if (size_of("t") == 3)
            ck_assert_int_eq(size_of("a"), 7); /* it was removed later */
        unlink(path_of("t"));
        end();
    }
    ck_assert_uint_gt(undone, SEEDS / 8);
    ck_assert_uint_lt(undone, SEEDS - SEEDS / 8);
}
END_TEST

START_TEST(power_cut_passes_over_a_step_that_was_noted_and_never_came)
{
    static const char *const steps[] = { "rename a b\n", "create b\n", "unlink a /nowhere\n",
                                         "create b\nfailed\n" };
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        char log[128];
        begin();
        write_file(path_of("a"), "0123456789");
        snprintf(log, sizeof log, "create a\nsync 10 a\nfolder\n%s", steps[seed % 4]);
        cut(seed, log);
        ck_assert_int_eq(size_of("a"), 10);
        ck_assert_int_eq(size_of("b"), -1);
        end();
    }
}
END_TEST

START_TEST(log_goes_on_behind_a_step_that_never_came)
{
    begin();
    write_file(path_of("a"), "0123456789");
    write_file(log_path, "create a\nsync 10 a\nfolder\nrename a b\n");
    power_went_on(folder, log_path);
    FILE *file = fopen(log_path, "a");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs("create c\nfailed\n", file), 0);
    ck_assert_int_eq(fclose(file), 0);
    struct dice dice = { 1 };
    power_cut(folder, log_path, &dice);
    ck_assert_int_eq(size_of("a"), 10);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        power_cut_leaves_what_was_synced,
        power_cut_takes_what_was_not_synced,
        power_cut_may_take_a_file_whose_folder_was_not_synced,
        power_cut_may_undo_a_rename_and_what_came_after_it,
        power_cut_passes_over_a_step_that_was_noted_and_never_came,
        log_goes_on_behind_a_step_that_never_came,
    };
    return RUN_SUITE("crash_power_cut", tests);
}
