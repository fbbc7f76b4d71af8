/* A snapshot with any bit or byte of it gone wrong is told to be damaged, and what is
 * saved of it is as it was. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/store/recover.h"
#include "daemon/store/snapshot.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/store/scratch.h"
#include "tests/unit/table/fixture.h"

#define NAME "snapshot-0000000000000001"
#define FLIPS 2500u
#define KEYS_MAX 1000u

static struct scratch scratch;
static struct catalog *catalog;
static struct table *table;
static struct random dice;
static uint8_t *bytes; /* of the snapshot as it was written */
static size_t len;
static uint64_t notes; /* of damage */

static void begin(const char *test)
{
    static const char *const columns[] = { "a", "b" };
    struct snapshot_result result;
    struct error err;
    char key[16];
    random_init(&dice, test);
    scratch_init(&scratch);
    table = fixture_table(&catalog, columns, 2);
    for (unsigned i = 0; i < 60; i++) {
        snprintf(key, sizeof key, "key%u", i);
        add_values(table, view(key), i % 3 == 0 ? "b" : "a", i, 1 + i % 20);
    }
    enum status status = snapshot_take(catalog, scratch.directory, 1, 5, NULL, &result, &err);
    ck_assert_msg(status == ST_OK, "%s", err.text);
    int fd = openat(scratch.directory, NAME, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    len = (size_t)result.bytes;
    bytes = malloc(len);
    ck_assert_int_eq(read(fd, bytes, len), (ssize_t)len);
    close(fd);
}

static void end(void)
{
    free(bytes);
    table_unref(table);
    catalog_free(catalog);
    scratch_release(&scratch);
}

static void write_snapshot(size_t size)
{
    int fd = openat(scratch.directory, NAME, O_WRONLY | O_TRUNC | O_CLOEXEC);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        ck_abort_msg("cannot write the snapshot");
    close(fd);
}

static void on_note(const struct recovery_note *note, void *arg)
{
    (void)arg;
    notes += note->finding == RECOVERY_DAMAGED && strcmp(note->file, NAME) == 0;
}

static enum status recover_here(bool saves, struct catalog **out, struct error *err)
{
    const struct recovery_options options = {
        .path = scratch.path, .threads = 1, .leaves_files = true, .saves = saves, .on_note = on_note
    };
    struct recovery_result result;
    *out = catalog_new(10, 3);
    return recover(scratch.directory, *out, &options, &result, err);
}

static bool is_as_it_was(struct bytes_view key, const struct estimate *estimates, void *arg)
{
    struct column_set columns;
    struct estimate theirs[2];
    (void)arg;
    if (table_find_columns(table, NULL, 0, &columns, NULL) != ST_OK ||
        !table_estimate(table, key, &columns, theirs) ||
        memcmp(estimates, theirs, sizeof theirs) != 0)
        ck_abort_msg("key '%.*s' came back as another", (int)key.len, (const char *)key.data);
    return true;
}

/* What was saved is of the table that was. */
static void check_saved(struct catalog *saved)
{
    static const struct selector all = { .kind = SELECTOR_ALL };
    struct table *theirs;
    struct column_set columns;
    bool more;
    if (catalog_find(saved, view("t"), &theirs, NULL) != ST_OK)
        return;
    if (table_find_columns(theirs, NULL, 0, &columns, NULL) != ST_OK || columns.count != 2 ||
        table_scan(theirs, &all, NULL, KEYS_MAX, &columns, NULL, is_as_it_was, NULL, &more, NULL) !=
            ST_OK)
        ck_abort_msg("what was saved cannot be read");
    table_unref(theirs);
}

/* The start stops, naming the file; repair saves some of it and says that some is lost.
 * (Assertions of libcheck cost a system call each.) */
static void check_damage(const char *what, size_t at)
{
    struct catalog *out;
    struct error err = { 0 };
    enum status status = recover_here(false, &out, &err);
    if (status != ST_FAILED_PRECONDITION || strstr(err.text, NAME) == NULL ||
        strstr(err.text, "--repair") == NULL || catalog_count(out) != 0)
        ck_abort_msg("%s at %zu: status %d, '%s'", what, at, (int)status, err.text);
    catalog_free(out);
    notes = 0;
    status = recover_here(true, &out, &err);
    if (status != ST_OK || notes == 0)
        ck_abort_msg("%s at %zu: not saved: status %d, '%s'", what, at, (int)status, err.text);
    check_saved(out);
    catalog_free(out);
}

START_TEST(snapshot_cut_at_any_byte_is_damaged)
{
    begin("snapshot_cut");
    for (size_t size = 0; size < len; size++) {
        write_snapshot(size);
        check_damage("cut", size);
    }
    end();
}
END_TEST

START_TEST(snapshot_with_a_flipped_bit_is_damaged)
{
    begin("snapshot_flip");
    for (unsigned i = 0; i < FLIPS; i++) {
        size_t at = (size_t)random_below(&dice, len);
        uint8_t mask = (uint8_t)(1u << random_below(&dice, 8));
        bytes[at] ^= mask;
        write_snapshot(len);
        check_damage("bit flipped", at);
        bytes[at] ^= mask;
    }
    end();
}
END_TEST

START_TEST(snapshot_as_it_was_written_comes_back)
{
    struct catalog *out;
    struct error err;
    begin("snapshot_whole");
    enum status status = recover_here(false, &out, &err);
    ck_assert_msg(status == ST_OK, "%s", err.text);
    struct table *theirs;
    ck_assert_int_eq(catalog_find(out, view("t"), &theirs, NULL), ST_OK);
    ck_assert_uint_eq(digest_of(theirs), digest_of(table));
    check_saved(out);
    ck_assert_uint_eq(check_rollups(theirs), 0);
    table_unref(theirs);
    catalog_free(out);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        snapshot_as_it_was_written_comes_back,
        snapshot_cut_at_any_byte_is_damaged,
        snapshot_with_a_flipped_bit_is_damaged,
    };
    return RUN_SUITE("snapshot_damage", tests);
}
