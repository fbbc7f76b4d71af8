/* What a daemon finds again of what another left in its data directory. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/integration/harness/calls.h"
#include "tests/integration/harness/daemon.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/programs.h"
#include "tests/integration/harness/requests.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scratch_dir.h"

static const char *const columns[] = { "c", "d" };

struct kept {
    char data_dir[160];
    const char *options[8];
    struct daemon daemon;
    struct wire wire;
    uint64_t digest;
    double count; /* of the key "many", to the last digit */
    uint64_t id;
};

static void begin(struct kept *kept)
{
    scratch_path(kept->data_dir, sizeof kept->data_dir, "data");
    const char *const options[] = { "--data-dir", kept->data_dir,  "--flush-interval-ms",
                                    "0",          "--default-ack", "durable",
                                    NULL };
    memcpy(kept->options, options, sizeof options);
    daemon_start(&kept->daemon, DAEMON_UNIX, kept->options);
    call_connect(&kept->wire, daemon_address(&kept->daemon));
    kept->id = call_create(&kept->wire, "t", columns, 2, 7);
    call_add(&kept->wire, "t", "few", "c", 0, 3);
    call_add(&kept->wire, "t", "many", "c", 0, 50000);
    call_add(&kept->wire, "t", "gone", "d", 0, 300);
    ck_assert(call_delete(&kept->wire, "t", "gone"));
    call_add(&kept->wire, "t", "many", "d", 0, 2000);
    call_add(&kept->wire, "t", "gone", "c", 5, 1);
}

static void note(struct kept *kept)
{
    kept->digest = call_digest(&kept->wire, "t");
    kept->count = call_count(&kept->wire, "t", "many", "c");
}

static void check(struct kept *kept)
{
    ck_assert_uint_eq(call_digest(&kept->wire, "t"), kept->digest);
    ck_assert(call_count(&kept->wire, "t", "many", "c") == kept->count);
    ck_assert_uint_eq(call_keys(&kept->wire, "t"), 3);
}

static void reconnect(struct kept *kept)
{
    wire_close(&kept->wire);
    call_connect(&kept->wire, daemon_address(&kept->daemon));
}

static void end(struct kept *kept)
{
    wire_close(&kept->wire);
    daemon_stop(&kept->daemon);
}

START_TEST(what_was_acknowledged_durably_outlives_a_kill)
{
    struct kept kept;
    begin(&kept);
    note(&kept);
    for (int i = 0; i < 3; i++) {
        daemon_kill(&kept.daemon);
        daemon_restart(&kept.daemon);
        reconnect(&kept);
        check(&kept);
        call_add(&kept.wire, "t", "many", "c", 50000 + 1000 * (uint64_t)i, 1000);
        note(&kept);
    }
    end(&kept);
}
END_TEST

START_TEST(what_was_acknowledged_from_memory_outlives_a_clean_stop)
{
    struct kept kept;
    begin(&kept);
    Cardinal__V1__Request *request = request_add("t", "few", "d", 0, 100);
    request->ingest->ack = CARDINAL__V1__ACK__ACK_MEMORY;
    wire_free(call_ok(&kept.wire, request));
    request_free(request);
    note(&kept);
    daemon_stop(&kept.daemon);
    daemon_restart(&kept.daemon);
    reconnect(&kept);
    check(&kept);
    end(&kept);
}
END_TEST

START_TEST(tables_come_back_as_they_were_altered)
{
    struct kept kept;
    begin(&kept);
    call_create(&kept.wire, "dropped", columns, 1, 0);
    call_drop(&kept.wire, "dropped");
    Cardinal__V1__Request *alter = request_alter("t");
    append_text(&alter->alter_table->add_columns, &alter->alter_table->n_add_columns, "e");
    append_text(&alter->alter_table->drop_columns, &alter->alter_table->n_drop_columns, "d");
    set_text(&alter->alter_table->rename_to, "u");
    wire_free(call_ok(&kept.wire, alter));
    request_free(alter);
    call_add(&kept.wire, "u", "few", "e", 0, 10);
    uint64_t digest = call_digest(&kept.wire, "u");
    daemon_kill(&kept.daemon);
    daemon_restart(&kept.daemon);
    reconnect(&kept);
    ck_assert_uint_eq(call_digest(&kept.wire, "u"), digest);
    Cardinal__V1__Request *describe = request_describe("t");
    call_refused(&kept.wire, describe, CARDINAL__V1__STATUS__STATUS_NOT_FOUND, "t");
    request_free(describe);
    ck_assert_uint_gt(call_create(&kept.wire, "t", columns, 1, 0), kept.id + 1);
    end(&kept);
}
END_TEST

/* The path of the first segment. */
static void segment_path(const struct kept *kept, char out[256])
{
    snprintf(out, 256, "%s/journal-0000000000000001", kept->data_dir);
}

static uint64_t size_of(const char *path)
{
    struct stat info;
    ck_assert_int_eq(stat(path, &info), 0);
    return (uint64_t)info.st_size;
}

START_TEST(torn_end_of_the_journal_is_cut_off)
{
    struct kept kept;
    char path[256];
    begin(&kept);
    note(&kept);
    daemon_kill(&kept.daemon);
    segment_path(&kept, path);
    uint64_t size = size_of(path);
    int fd = open(path, O_WRONLY | O_APPEND);
    ck_assert_int_eq(write(fd, "CRDB and what a crash left", 26), 26);
    close(fd);
    daemon_restart(&kept.daemon);
    ck_assert_uint_eq(size_of(path), size);
    reconnect(&kept);
    check(&kept);
    end(&kept);
}
END_TEST

START_TEST(damage_stops_the_start_and_is_named)
{
    struct kept kept;
    struct run run;
    char path[256];
    char byte;
    begin(&kept);
    daemon_kill(&kept.daemon);
    wire_close(&kept.wire);
    segment_path(&kept, path);
    int fd = open(path, O_RDWR);
    off_t middle = (off_t)(size_of(path) / 2);
    ck_assert_int_eq(pread(fd, &byte, 1, middle), 1);
    byte ^= 4;
    ck_assert_int_eq(pwrite(fd, &byte, 1, middle), 1);
    close(fd);
    const char *const argv[] = { PROGRAM_CARDINALD, "--data-dir",        kept.data_dir,
                                 "--listen",        "tcp://127.0.0.1:0", NULL };
    run_program(&run, argv);
    ck_assert_int_eq(run.exit_status, 1);
    ck_assert_msg(strstr(run.err, "'journal-0000000000000001' is damaged at offset ") != NULL, "%s",
                  run.err);
    ck_assert_msg(strstr(run.err, "--repair") != NULL, "%s", run.err);
    ck_assert_str_eq(run.out, "");
    run_release(&run);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_was_acknowledged_durably_outlives_a_kill,
        what_was_acknowledged_from_memory_outlives_a_clean_stop,
        tables_come_back_as_they_were_altered,
        torn_end_of_the_journal_is_cut_off,
        damage_stops_the_start_and_is_named,
    };
    return RUN_INTEGRATION("data_directory", tests);
}
