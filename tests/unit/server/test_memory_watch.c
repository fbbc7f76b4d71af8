/* What a control group allows, in the files of both versions. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/server/memory_watch.h"
#include "tests/unit/run_suite.h"

#define PATH_BYTES 256

static char folder[] = "/tmp/cardinal-test-group-XXXXXX";

static void at(char path[PATH_BYTES], const char *name)
{
    snprintf(path, PATH_BYTES, "%s/%s", folder, name);
}

static void write_file(const char *name, const char *text)
{
    char path[PATH_BYTES];
    at(path, name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    fclose(file);
}

static void make_folder(const char *name)
{
    char path[PATH_BYTES];
    at(path, name);
    ck_assert_int_eq(mkdir(path, 0700), 0);
}

static uint64_t limit_of(const char *group)
{
    char path[PATH_BYTES];
    write_file("group", group);
    at(path, "group");
    return memory_watch_group_limit(folder, path);
}

static void begin(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    make_folder("a");
    make_folder("a/b");
    make_folder("memory");
    make_folder("memory/a");
}

static void end(void)
{
    static const char *const names[] = { "group",
                                         "a/b/memory.max",
                                         "a/memory.max",
                                         "memory.max",
                                         "memory/a/memory.limit_in_bytes",
                                         "memory/memory.limit_in_bytes",
                                         "a/b",
                                         "a",
                                         "memory/a",
                                         "memory",
                                         "" };
    char path[PATH_BYTES];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        at(path, names[i]);
        remove(path);
    }
}

START_TEST(without_files_nothing_is_limited)
{
    char path[PATH_BYTES];
    begin();
    at(path, "none");
    ck_assert_uint_eq(memory_watch_group_limit(folder, path), UINT64_MAX);
    ck_assert_uint_eq(limit_of(""), UINT64_MAX);
    ck_assert_uint_eq(limit_of("0::/a/b\n"), UINT64_MAX);
    ck_assert_uint_eq(limit_of("nonsense\n::\n"), UINT64_MAX);
    end();
}
END_TEST

START_TEST(the_least_limit_of_a_group_and_those_around_it_counts)
{
    begin();
    write_file("a/b/memory.max", "max\n");
    ck_assert_uint_eq(limit_of("0::/a/b\n"), UINT64_MAX);
    write_file("a/memory.max", "5000000\n");
    ck_assert_uint_eq(limit_of("0::/a/b\n"), 5000000);
    write_file("a/b/memory.max", "7000000\n");
    ck_assert_uint_eq(limit_of("0::/a/b\n"), 5000000);
    write_file("a/b/memory.max", "3000000\n");
    ck_assert_uint_eq(limit_of("0::/a/b\n"), 3000000);
    write_file("memory.max", "1000000\n");
    ck_assert_uint_eq(limit_of("0::/a/b\n"), 1000000);
    ck_assert_uint_eq(limit_of("0::/\n"), 1000000);
    end();
}
END_TEST

START_TEST(groups_of_the_first_version_are_read_too)
{
    static const char group[] = "5:cpu,cpuacct:/a\n4:memory:/a\n1:name=systemd:/x\n";
    begin();
    write_file("memory/memory.limit_in_bytes", "9223372036854771712\n");
    ck_assert_uint_eq(limit_of(group), UINT64_C(9223372036854771712));
    write_file("memory/a/memory.limit_in_bytes", "8000000\n");
    ck_assert_uint_eq(limit_of(group), 8000000);
    write_file("a/memory.max", "6000000\n"); /* a mounted second version beside it */
    ck_assert_uint_eq(limit_of("4:memory:/a\n0::/a\n"), 6000000);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        without_files_nothing_is_limited,
        the_least_limit_of_a_group_and_those_around_it_counts,
        groups_of_the_first_version_are_read_too,
    };
    return RUN_SUITE("memory_watch", tests);
}
