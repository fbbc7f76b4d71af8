/* Data directories of every released version are read, newer ones are refused by name. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "daemon/store/coding.h"
#include "daemon/store/recover.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/store/golden.h"
#include "tests/unit/store/scratch.h"

#define HEADER_BYTES 64u
#define HEADER_CHECKSUM_AT 56u
#define VERSION_AT 8u
#define FILE_BYTES_MAX ((size_t)1 << 20)

static struct scratch scratch;

static enum status recover_from(int directory, struct catalog **catalog, struct error *err)
{
    const struct recovery_options options = { .path = "DIR", .threads = 2, .leaves_files = true };
    struct recovery_result result;
    *catalog = catalog_new(10, 3);
    ck_assert_ptr_nonnull(*catalog);
    return recover(directory, *catalog, &options, &result, err);
}

static size_t read_file(int directory, const char *name, char *out)
{
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ssize_t n = read(fd, out, FILE_BYTES_MAX);
    ck_assert_int_ge(n, 0);
    ck_assert_int_lt(n, FILE_BYTES_MAX);
    close(fd);
    return (size_t)n;
}

static void write_file(int directory, const char *name, const char *bytes, size_t len)
{
    int fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
    close(fd);
}

START_TEST(directory_of_version_1_is_read)
{
    struct catalog *catalog;
    struct error err;
    char *holds = NULL;
    size_t len = 0;
    char *wanted = malloc(FILE_BYTES_MAX);
    int directory = open(GOLDEN_DIR "/storage-1", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(directory, 0);
    enum status status = recover_from(directory, &catalog, &err);
    ck_assert_msg(status == ST_OK, "%s", err.text);
    FILE *out = open_memstream(&holds, &len);
    golden_describe(catalog, out);
    fclose(out);
    wanted[read_file(directory, "holds", wanted)] = '\0';
    ck_assert_str_eq(holds, wanted);
    free(holds);
    free(wanted);
    close(directory);
    catalog_free(catalog);
}
END_TEST

/* Copies a file to the scratch directory, as one of the next version. */
static void copy_newer(int from, const char *name)
{
    char *bytes = malloc(FILE_BYTES_MAX);
    size_t len = read_file(from, name, bytes);
    ck_assert_uint_ge(len, HEADER_BYTES);
    (void)put_u32((uint8_t *)bytes + VERSION_AT, 2);
    (void)put_u64((uint8_t *)bytes + HEADER_CHECKSUM_AT, XXH3_64bits(bytes, HEADER_CHECKSUM_AT));
    write_file(scratch.directory, name, bytes, len);
    free(bytes);
}

static void check_refused(const char *name)
{
    struct catalog *catalog;
    struct error err;
    ck_assert_int_eq(recover_from(scratch.directory, &catalog, &err), ST_FAILED_PRECONDITION);
    ck_assert_ptr_nonnull(strstr(err.text, name));
    ck_assert_ptr_nonnull(strstr(err.text, "version 2"));
    ck_assert_uint_eq(catalog_count(catalog), 0);
    catalog_free(catalog);
}

START_TEST(files_of_a_newer_version_are_refused_by_name)
{
    static const char *const names[] = { "snapshot-0000000000000002", "journal-0000000000000002" };
    int directory = open(GOLDEN_DIR "/storage-1", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(directory, 0);
    for (size_t i = 0; i < 2; i++) {
        char *bytes = malloc(FILE_BYTES_MAX);
        scratch_init(&scratch);
        size_t len = read_file(directory, names[1 - i], bytes);
        write_file(scratch.directory, names[1 - i], bytes, len);
        copy_newer(directory, names[i]);
        check_refused(names[i]);
        scratch_release(&scratch);
        free(bytes);
    }
    close(directory);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        directory_of_version_1_is_read,
        files_of_a_newer_version_are_refused_by_name,
    };
    return RUN_SUITE("golden", tests);
}
