/* The daemon while it reads what is on disk, and when that is more than it may hold. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/integration/harness/calls.h"
#include "tests/integration/harness/daemon.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/programs.h"
#include "tests/integration/harness/requests.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scratch_dir.h"

#define NOT_READY CARDINAL__V1__STATUS__STATUS_NOT_READY
#define LARGE_KEYS 200u
#define KEY_BYTES 16u

static const char *const columns[] = { "c" };

struct opened {
    char data_dir[160];
    char address[160];
    struct run run;
    struct wire wire;
    double count; /* of the key, to the last digit */
};

/* Leaves a table of one key on disk. */
static void fill(struct opened *opened)
{
    struct daemon daemon;
    scratch_path(opened->data_dir, sizeof opened->data_dir, "data");
    const char *const options[] = { "--data-dir", opened->data_dir, NULL };
    daemon_start(&daemon, DAEMON_UNIX, options);
    call_connect(&opened->wire, daemon_address(&daemon));
    call_create(&opened->wire, "t", columns, 1, 0);
    call_add(&opened->wire, "t", "k", "c", 0, 100);
    opened->count = call_count(&opened->wire, "t", "k", "c");
    wire_close(&opened->wire);
    daemon_stop(&daemon);
}

/* A socket file is there a moment before anybody listens. */
static bool is_listened_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_uint_lt(strlen(path), sizeof address.sun_path);
    strcpy(address.sun_path, path);
    bool is_open = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return is_open;
}

/* Starts a daemon on it that is long in reading, and connects to it. */
static void open_slowly(struct opened *opened)
{
    char path[160];
    const char *const argv[] = { PROGRAM_CARDINALD, "--data-dir",    opened->data_dir,
                                 "--listen",        opened->address, NULL };
    fill(opened);
    scratch_path(path, sizeof path, "slow");
    snprintf(opened->address, sizeof opened->address, "unix://%.150s", path);
    setenv("CARDINALD_FAILPOINT", "directory-sync-before:1:slow", 1); /* at the end of reading */
    run_start(&opened->run, argv, NULL, 0);
    unsetenv("CARDINALD_FAILPOINT");
    while (!is_listened_at(path))
        sleep_ms(1);
    call_connect(&opened->wire, opened->address);
}

static void check_not_ready(struct opened *opened, Cardinal__V1__Request *request)
{
    call_refused(&opened->wire, request, NOT_READY, "");
    request_free(request);
}

static void end(struct opened *opened)
{
    wire_close(&opened->wire);
    kill(opened->run.pid, SIGTERM);
    run_finish(&opened->run, PROCESS_TIMEOUT_MS);
    ck_assert_msg(opened->run.exit_status == 0, "%s", opened->run.err);
}

START_TEST(requests_are_answered_not_ready_until_all_is_read)
{
    struct opened opened;
    open_slowly(&opened);
    call_ping(&opened.wire);
    ck_assert_uint_eq(call_stat(&opened.wire, "ready"), 0);
    check_not_ready(&opened, request_list());
    check_not_ready(&opened, request_add("t", "k", "c", 0, 1));
    check_not_ready(&opened, request_count("t", "k", "c"));
    check_not_ready(&opened, request_create("u"));
    check_not_ready(&opened, request_delete("t", "k"));
    while (call_stat(&opened.wire, "ready") == 0)
        sleep_ms(10);
    ck_assert(call_count(&opened.wire, "t", "k", "c") == opened.count);
    end(&opened);
    ck_assert_msg(strstr(opened.run.err, "reading what is on disk\" percent=") != NULL &&
                      strstr(opened.run.err, "mib_per_second=") != NULL &&
                      strstr(opened.run.err, "seconds_left=") != NULL,
                  "nothing is told of its progress: %s", opened.run.err);
    run_release(&opened.run);
}
END_TEST

START_TEST(start_that_is_given_up_ends_in_peace_and_changes_nothing)
{
    struct opened opened;
    struct daemon daemon;
    open_slowly(&opened);
    ck_assert_uint_eq(call_stat(&opened.wire, "ready"), 0);
    end(&opened);
    run_release(&opened.run);
    const char *const options[] = { "--data-dir", opened.data_dir, NULL };
    daemon_start(&daemon, DAEMON_UNIX, options);
    call_connect(&opened.wire, daemon_address(&daemon));
    ck_assert(call_count(&opened.wire, "t", "k", "c") == opened.count);
    wire_close(&opened.wire);
    daemon_stop(&daemon);
}
END_TEST

/* ---- more than max_memory ---------------------------------------------- */

static void key_name(char out[KEY_BYTES], unsigned i)
{
    snprintf(out, KEY_BYTES, "k%u", i);
}

/* Merges key k0, of many values, into others: 128 KiB each. */
static void make_large(struct wire *wire)
{
    Cardinal__V1__Request *create = request_create("t");
    create->create_table->precision = 18;
    wire_free(call_ok(wire, create));
    request_free(create);
    call_add(wire, "t", "k0", "c", 0, 150000);
    for (unsigned i = 1; i < LARGE_KEYS; i++) {
        Cardinal__V1__Merge merge = CARDINAL__V1__MERGE__INIT;
        Cardinal__V1__Selector from = CARDINAL__V1__SELECTOR__INIT;
        Cardinal__V1__KeyList list = CARDINAL__V1__KEY_LIST__INIT;
        ProtobufCBinaryData key = { 2, (uint8_t *)"k0" };
        char into[KEY_BYTES];
        key_name(into, i);
        list.n_keys = 1;
        list.keys = &key;
        from.kind_case = CARDINAL__V1__SELECTOR__KIND_LIST;
        from.list = &list;
        merge.table = (char *)"t";
        merge.into = (ProtobufCBinaryData){ strlen(into), (uint8_t *)into };
        merge.from = &from;
        wire_free(call_ok(wire, &REQUEST_OF(MERGE, merge, &merge)));
    }
}

/* Is the text in what the daemon logged? */
static bool logged(const struct daemon *daemon, const char *text)
{
    char line[1024];
    bool found = false;
    FILE *file = fopen(daemon->log_path, "r");
    ck_assert_ptr_nonnull(file);
    while (!found && fgets(line, sizeof line, file) != NULL)
        found = strstr(line, text) != NULL;
    fclose(file);
    return found;
}

START_TEST(more_than_max_memory_comes_back_and_nothing_is_added)
{
    struct daemon daemon;
    struct wire wire;
    char data_dir[160];
    scratch_path(data_dir, sizeof data_dir, "data");
    const char *options[] = { "--data-dir", data_dir, NULL, NULL, NULL };
    daemon_start(&daemon, DAEMON_UNIX, options);
    call_connect(&wire, daemon_address(&daemon));
    make_large(&wire);
    uint64_t digest = call_digest(&wire, "t");
    wire_close(&wire);
    daemon_stop(&daemon);
    options[2] = "--max-memory";
    options[3] = "16MiB";
    daemon_start(&daemon, DAEMON_UNIX, options);
    call_connect(&wire, daemon_address(&daemon));
    ck_assert_uint_eq(call_digest(&wire, "t"), digest);
    ck_assert(logged(&daemon, "level=warn msg=\"what was read takes more than max_memory"));
    Cardinal__V1__Request *add = request_add("t", "new", "c", 0, 1000);
    call_refused(&wire, add, CARDINAL__V1__STATUS__STATUS_RESOURCE_EXHAUSTED, "max_memory");
    call_add(&wire, "t", "k0", "c", 0, 1000); /* needs nothing */
    request_free(add);
    wire_close(&wire);
    daemon_stop(&daemon);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        requests_are_answered_not_ready_until_all_is_read,
        start_that_is_given_up_ends_in_peace_and_changes_nothing,
        more_than_max_memory_comes_back_and_nothing_is_added,
    };
    return RUN_INTEGRATION("opening", tests);
}
