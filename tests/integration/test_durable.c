/* Durable acknowledgements: who waits for the disk, and what happens when it fails. */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/store/record.h"
#include "daemon/store/segment.h"
#include "tests/integration/disk_scene.h"
#include "tests/integration/harness/calls.h"
#include "tests/integration/harness/daemon.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/programs.h"
#include "tests/integration/harness/requests.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scratch_dir.h"

#define UNAVAILABLE CARDINAL__V1__STATUS__STATUS_UNAVAILABLE
#define PIPELINED 40u

static void check_add_refused(struct disk_scene *scene, Cardinal__V1__Ack ack, const char *text)
{
    Cardinal__V1__Request *request = disk_scene_request(1000, 1, ack);
    call_refused(&scene->wire, request, UNAVAILABLE, text);
    request_free(request);
}

/* Frees the request. */
static void check_refused(struct disk_scene *scene, Cardinal__V1__Request *request)
{
    call_refused(&scene->wire, request, UNAVAILABLE, "the journal cannot be written");
    request_free(request);
}

START_TEST(durable_write_waits_for_the_disk_and_memory_write_does_not)
{
    struct disk_scene scene;
    disk_scene_begin(&scene, NULL, NULL);
    uint64_t before = disk_scene_syncs(&scene);
    disk_scene_add(&scene, 0, 10, MEMORY);
    ck_assert_uint_eq(disk_scene_syncs(&scene), before);
    ck_assert_uint_gt(disk_scene_add(&scene, 10, 10, DURABLE), 0);
    ck_assert_uint_eq(disk_scene_syncs(&scene), before + 1);
    disk_scene_end(&scene);
}
END_TEST

START_TEST(durable_write_that_changes_nothing_waits_for_what_others_changed)
{
    struct disk_scene scene;
    struct wire other;
    disk_scene_begin(&scene, NULL, NULL);
    call_connect(&other, daemon_address(&scene.daemon));
    uint64_t before = disk_scene_syncs(&scene);
    call_add(&other, "t", "k", "c", 0, 10);
    ck_assert_uint_eq(disk_scene_syncs(&scene), before);
    ck_assert_uint_eq(disk_scene_add(&scene, 0, 10, DURABLE), 0);
    ck_assert_uint_eq(disk_scene_syncs(&scene), before + 1);
    ck_assert_uint_eq(disk_scene_add(&scene, 0, 10, DURABLE), 0);
    ck_assert_uint_eq(disk_scene_syncs(&scene), before + 1); /* all is on disk already */
    wire_close(&other);
    disk_scene_end(&scene);
}
END_TEST

/* How many codes of any cell the segment holds. */
static uint64_t codes_in_segment(const char *data_dir, uint64_t number)
{
    int directory = open(data_dir, O_RDONLY | O_DIRECTORY);
    struct segment_reader segment;
    enum segment_state state = SEGMENT_BLOCK;
    struct bytes_view payload;
    uint64_t codes = 0;
    ck_assert_int_ge(directory, 0);
    ck_assert_int_eq(segment_open(&segment, directory, number, NULL), ST_OK);
    while (segment_next(&segment, &state, &payload, NULL) == ST_OK && state == SEGMENT_BLOCK) {
        struct record_reader reader;
        struct record record;
        record_reader_init(&reader, payload);
        while (record_next(&reader, &record))
            codes += record.count;
    }
    segment_close(&segment);
    close(directory);
    return codes;
}

START_TEST(what_is_acknowledged_durably_is_in_the_journal_of_a_daemon_that_was_killed)
{
    struct disk_scene scene;
    disk_scene_begin(&scene, NULL, NULL);
    uint64_t changes = disk_scene_add(&scene, 0, 1000, DURABLE);
    ck_assert_uint_gt(changes, 900);
    changes += disk_scene_add(&scene, 1000, 1000, MEMORY);
    ck_assert_uint_eq(disk_scene_add(&scene, 0, 2000, DURABLE), 0);
    daemon_kill(&scene.daemon);
    ck_assert_uint_eq(codes_in_segment(scene.data_dir, 1), changes);
    wire_close(&scene.wire);
}
END_TEST

START_TEST(changes_of_tables_and_deletes_are_always_durable)
{
    struct disk_scene scene;
    disk_scene_begin(&scene, NULL, NULL);
    uint64_t before = disk_scene_syncs(&scene);
    Cardinal__V1__Request *alter = request_alter("t");
    append_text(&alter->alter_table->add_columns, &alter->alter_table->n_add_columns, "d");
    wire_free(call_ok(&scene.wire, alter));
    request_free(alter);
    ck_assert_uint_eq(disk_scene_syncs(&scene), before + 1);
    disk_scene_add(&scene, 0, 1, MEMORY);
    ck_assert(call_delete(&scene.wire, "t", "k"));
    ck_assert_uint_eq(disk_scene_syncs(&scene), before + 2);
    call_drop(&scene.wire, "t");
    ck_assert_uint_eq(disk_scene_syncs(&scene), before + 3);
    disk_scene_end(&scene);
}
END_TEST

START_TEST(table_says_how_writes_are_answered_that_do_not)
{
    struct disk_scene scene;
    disk_scene_begin(&scene, NULL, NULL);
    Cardinal__V1__Request *create = request_create("safe");
    create->create_table->ack = DURABLE;
    wire_free(call_ok(&scene.wire, create));
    request_free(create);
    uint64_t before = disk_scene_syncs(&scene);
    call_add(&scene.wire, "safe", "k", "c", 0, 1);
    ck_assert_uint_eq(disk_scene_syncs(&scene), before + 1);
    call_add(&scene.wire, "t", "k", "c", 0, 1);
    ck_assert_uint_eq(disk_scene_syncs(&scene), before + 1);
    Cardinal__V1__Request *memory = request_add("safe", "k", "c", 1, 1);
    memory->ingest->ack = MEMORY;
    wire_free(call_ok(&scene.wire, memory));
    request_free(memory);
    ck_assert_uint_eq(disk_scene_syncs(&scene), before + 1);
    disk_scene_end(&scene);
}
END_TEST

START_TEST(server_says_it_where_the_table_does_not)
{
    struct disk_scene scene;
    disk_scene_begin(&scene, "--default-ack", "durable");
    uint64_t before = disk_scene_syncs(&scene);
    call_add(&scene.wire, "t", "k", "c", 0, 1);
    ck_assert_uint_eq(disk_scene_syncs(&scene), before + 1);
    disk_scene_add(&scene, 1, 1, MEMORY);
    ck_assert_uint_eq(disk_scene_syncs(&scene), before + 1);
    disk_scene_end(&scene);
}
END_TEST

START_TEST(durable_writes_share_syncs_while_the_connection_goes_on)
{
    struct disk_scene scene;
    uint64_t pings = 0;
    setenv("CARDINALD_FAILPOINT", "journal-sync-before:3:slow", 1); /* header, table, .. */
    disk_scene_begin(&scene, NULL, NULL);
    unsetenv("CARDINALD_FAILPOINT");
    uint64_t before = disk_scene_syncs(&scene);
    Cardinal__V1__Ping ping = CARDINAL__V1__PING__INIT;
    for (uint64_t i = 0; i < PIPELINED; i++) {
        Cardinal__V1__Request *request = disk_scene_request(10 * i, 10, DURABLE);
        wire_send(&scene.wire, request);
        request_free(request);
    }
    wire_send(&scene.wire, &REQUEST_OF(PING, ping, &ping));
    for (uint64_t i = 0; i < PIPELINED + 1; i++) {
        Cardinal__V1__Response *response = wire_receive(&scene.wire);
        ck_assert_ptr_nonnull(response);
        ck_assert_int_eq(response->status, CARDINAL__V1__STATUS__STATUS_OK);
        pings += response->body_case == CARDINAL__V1__RESPONSE__BODY_PING;
        wire_free(response);
    }
    ck_assert_uint_eq(pings, 1);
    ck_assert_uint_lt(disk_scene_syncs(&scene) - before, PIPELINED);
    ck_assert_uint_gt(call_stat(&scene.wire, "journal.group_max"), 1);
    disk_scene_end(&scene);
}
END_TEST

START_TEST(unanswered_durable_writes_count_as_in_flight)
{
    struct disk_scene scene;
    disk_scene_begin(&scene, "--max-in-flight", "2");
    for (uint64_t i = 0; i < PIPELINED; i++) {
        Cardinal__V1__Request *request = disk_scene_request(10 * i, 10, DURABLE);
        wire_send(&scene.wire, request);
        request_free(request);
    }
    for (uint64_t i = 0; i < PIPELINED; i++) {
        Cardinal__V1__Response *response = wire_receive(&scene.wire);
        ck_assert_ptr_nonnull(response);
        ck_assert_int_eq(response->status, CARDINAL__V1__STATUS__STATUS_OK);
        wire_free(response);
    }
    ck_assert_uint_le(call_stat(&scene.wire, "journal.group_max"), 2);
    disk_scene_end(&scene);
}
END_TEST

START_TEST(failed_sync_refuses_durable_writes_and_takes_others)
{
    struct disk_scene scene;
    setenv("CARDINALD_FAILPOINT", "journal-sync-before:3+:eio", 1); /* header, table, .. */
    disk_scene_begin(&scene, NULL, NULL);
    unsetenv("CARDINALD_FAILPOINT");
    check_add_refused(&scene, DURABLE, "a crash may undo it");
    check_add_refused(&scene, DURABLE, "the journal cannot be written");
    check_refused(&scene, request_create("more"));
    check_refused(&scene, request_alter("t"));
    check_refused(&scene, request_drop("t"));
    ck_assert_uint_gt(disk_scene_add(&scene, 0, 10, MEMORY), 0);
    check_refused(&scene, request_delete("t", "k"));
    ck_assert_double_gt(call_count(&scene.wire, "t", "k", "c"), 9);
    ck_assert_uint_eq(call_stat(&scene.wire, "journal.degraded"), 1);
    ck_assert_uint_ge(call_stat(&scene.wire, "journal.errors"), 1);
    disk_scene_end(&scene);
}
END_TEST

/* Sends durable writes to a daemon whose next sync takes two seconds. */
static void begin_slowly(struct disk_scene *scene)
{
    setenv("CARDINALD_FAILPOINT", "journal-sync-before:3:slow", 1); /* header, table, .. */
    disk_scene_begin(scene, NULL, NULL);
    unsetenv("CARDINALD_FAILPOINT");
    for (uint64_t i = 0; i < 4; i++) {
        Cardinal__V1__Request *request = disk_scene_request(10 * i, 10, DURABLE);
        wire_send(&scene->wire, request);
        request_free(request);
    }
}

START_TEST(unanswered_durable_writes_are_answered_before_the_daemon_stops)
{
    struct disk_scene scene;
    begin_slowly(&scene);
    struct wire other;
    call_connect(&other, daemon_address(&scene.daemon));
    while (call_stat(&other, "requests.ingest") < 4)
        sleep_ms(1);
    wire_close(&other);
    ck_assert_int_eq(kill(scene.daemon.pid, SIGTERM), 0);
    for (uint64_t i = 0; i < 4; i++) {
        Cardinal__V1__Response *response = wire_receive(&scene.wire);
        ck_assert_ptr_nonnull(response);
        ck_assert_int_eq(response->status, CARDINAL__V1__STATUS__STATUS_OK);
        wire_free(response);
    }
    wire_expect_hangup(&scene.wire);
    wire_close(&scene.wire);
    ck_assert_int_eq(process_wait(scene.daemon.pid, PROCESS_TIMEOUT_MS), 0);
}
END_TEST

START_TEST(client_that_goes_away_while_its_answer_is_held_does_no_harm)
{
    struct disk_scene scene;
    begin_slowly(&scene);
    wire_close(&scene.wire);
    call_connect(&scene.wire, daemon_address(&scene.daemon));
    ck_assert_uint_gt(disk_scene_add(&scene, 100, 10, DURABLE), 0);
    ck_assert_double_gt(call_count(&scene.wire, "t", "k", "c"), 9);
    disk_scene_end(&scene);
}
END_TEST

START_TEST(second_daemon_is_refused)
{
    struct disk_scene scene;
    struct run run;
    char pid[32];
    disk_scene_begin(&scene, NULL, NULL);
    const char *const argv[] = { PROGRAM_CARDINALD, "--data-dir",        scene.data_dir,
                                 "--listen",        "tcp://127.0.0.1:0", NULL };
    run_program(&run, argv);
    ck_assert_int_eq(run.exit_status, 1);
    snprintf(pid, sizeof pid, "pid %d", (int)scene.daemon.pid);
    ck_assert_msg(strstr(run.err, pid) != NULL, "'%s' is not in '%s'", pid, run.err);
    run_release(&run);
    disk_scene_end(&scene);
}
END_TEST

START_TEST(default_durable_without_a_directory_is_refused)
{
    struct run run;
    const char *const argv[] = { PROGRAM_CARDINALD, "--default-ack", "durable", "--check-config",
                                 NULL };
    run_program(&run, argv);
    ck_assert_int_eq(run.exit_status, 1);
    ck_assert_ptr_nonnull(strstr(run.err, "default_ack durable needs a data_dir"));
    run_release(&run);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        durable_write_waits_for_the_disk_and_memory_write_does_not,
        durable_write_that_changes_nothing_waits_for_what_others_changed,
        what_is_acknowledged_durably_is_in_the_journal_of_a_daemon_that_was_killed,
        changes_of_tables_and_deletes_are_always_durable,
        table_says_how_writes_are_answered_that_do_not,
        server_says_it_where_the_table_does_not,
        durable_writes_share_syncs_while_the_connection_goes_on,
        unanswered_durable_writes_count_as_in_flight,
        failed_sync_refuses_durable_writes_and_takes_others,
        unanswered_durable_writes_are_answered_before_the_daemon_stops,
        client_that_goes_away_while_its_answer_is_held_does_no_harm,
        second_daemon_is_refused,
        default_durable_without_a_directory_is_refused,
    };
    return RUN_INTEGRATION("durable", tests);
}
