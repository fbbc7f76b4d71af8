/* Durable acknowledgements: who waits for the disk, and what happens when it fails. */
#include <cardinal.h>
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/store/record.h"
#include "daemon/store/segment.h"
#include "tests/integration/harness/calls.h"
#include "tests/integration/harness/cli.h"
#include "tests/integration/harness/daemon.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/programs.h"
#include "tests/integration/harness/requests.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scratch_dir.h"

#define MEMORY CARDINAL__V1__ACK__ACK_MEMORY
#define DURABLE CARDINAL__V1__ACK__ACK_DURABLE
#define UNAVAILABLE CARDINAL__V1__STATUS__STATUS_UNAVAILABLE
#define PIPELINED 40u

static const char *const columns[] = { "c" };

/* A daemon that syncs only when somebody waits for it. */
struct disk_scene {
    char data_dir[160];
    const char *options[8];
    struct daemon daemon;
    struct wire wire;
};

static void begin(struct disk_scene *scene, const char *option, const char *value)
{
    scratch_path(scene->data_dir, sizeof scene->data_dir, "data");
    const char *const options[] = {
        "--data-dir", scene->data_dir, "--flush-interval-ms", "0", option, value, NULL,
    };
    memcpy(scene->options, options, sizeof options);
    daemon_start(&scene->daemon, DAEMON_UNIX, scene->options);
    call_connect(&scene->wire, daemon_address(&scene->daemon));
    call_create(&scene->wire, "t", columns, 1, 0);
}

static void end(struct disk_scene *scene)
{
    wire_close(&scene->wire);
    daemon_stop(&scene->daemon);
}

static Cardinal__V1__Request *add_request(uint64_t first, uint64_t count, Cardinal__V1__Ack ack)
{
    Cardinal__V1__Request *request = request_add("t", "k", "c", first, count);
    request->ingest->ack = ack;
    return request;
}

/* Adds values; how many changed something. */
static uint64_t add(struct disk_scene *scene, uint64_t first, uint64_t count, Cardinal__V1__Ack ack)
{
    Cardinal__V1__Request *request = add_request(first, count, ack);
    Cardinal__V1__Response *response = call_ok(&scene->wire, request);
    uint64_t changes = response->ingest->changes;
    wire_free(response);
    request_free(request);
    return changes;
}

static void check_add_refused(struct disk_scene *scene, Cardinal__V1__Ack ack, const char *text)
{
    Cardinal__V1__Request *request = add_request(1000, 1, ack);
    call_refused(&scene->wire, request, UNAVAILABLE, text);
    request_free(request);
}

/* Frees the request. */
static void check_refused(struct disk_scene *scene, Cardinal__V1__Request *request)
{
    call_refused(&scene->wire, request, UNAVAILABLE, "the journal cannot be written");
    request_free(request);
}

static uint64_t syncs(struct disk_scene *scene)
{
    return call_stat(&scene->wire, "journal.syncs");
}

START_TEST(durable_write_waits_for_the_disk_and_memory_write_does_not)
{
    struct disk_scene scene;
    begin(&scene, NULL, NULL);
    uint64_t before = syncs(&scene);
    add(&scene, 0, 10, MEMORY);
    ck_assert_uint_eq(syncs(&scene), before);
    ck_assert_uint_gt(add(&scene, 10, 10, DURABLE), 0);
    ck_assert_uint_eq(syncs(&scene), before + 1);
    end(&scene);
}
END_TEST

START_TEST(durable_write_that_changes_nothing_waits_for_what_others_changed)
{
    struct disk_scene scene;
    struct wire other;
    begin(&scene, NULL, NULL);
    call_connect(&other, daemon_address(&scene.daemon));
    uint64_t before = syncs(&scene);
    call_add(&other, "t", "k", "c", 0, 10);
    ck_assert_uint_eq(syncs(&scene), before);
    ck_assert_uint_eq(add(&scene, 0, 10, DURABLE), 0);
    ck_assert_uint_eq(syncs(&scene), before + 1);
    ck_assert_uint_eq(add(&scene, 0, 10, DURABLE), 0);
    ck_assert_uint_eq(syncs(&scene), before + 1); /* all is on disk already */
    wire_close(&other);
    end(&scene);
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
    begin(&scene, NULL, NULL);
    uint64_t changes = add(&scene, 0, 1000, DURABLE);
    ck_assert_uint_gt(changes, 900);
    changes += add(&scene, 1000, 1000, MEMORY);
    ck_assert_uint_eq(add(&scene, 0, 2000, DURABLE), 0);
    daemon_kill(&scene.daemon);
    ck_assert_uint_eq(codes_in_segment(scene.data_dir, 1), changes);
    wire_close(&scene.wire);
}
END_TEST

START_TEST(changes_of_tables_and_deletes_are_always_durable)
{
    struct disk_scene scene;
    begin(&scene, NULL, NULL);
    uint64_t before = syncs(&scene);
    Cardinal__V1__Request *alter = request_alter("t");
    append_text(&alter->alter_table->add_columns, &alter->alter_table->n_add_columns, "d");
    wire_free(call_ok(&scene.wire, alter));
    request_free(alter);
    ck_assert_uint_eq(syncs(&scene), before + 1);
    add(&scene, 0, 1, MEMORY);
    ck_assert(call_delete(&scene.wire, "t", "k"));
    ck_assert_uint_eq(syncs(&scene), before + 2);
    call_drop(&scene.wire, "t");
    ck_assert_uint_eq(syncs(&scene), before + 3);
    end(&scene);
}
END_TEST

START_TEST(table_says_how_writes_are_answered_that_do_not)
{
    struct disk_scene scene;
    begin(&scene, NULL, NULL);
    Cardinal__V1__Request *create = request_create("safe");
    create->create_table->ack = DURABLE;
    wire_free(call_ok(&scene.wire, create));
    request_free(create);
    uint64_t before = syncs(&scene);
    call_add(&scene.wire, "safe", "k", "c", 0, 1);
    ck_assert_uint_eq(syncs(&scene), before + 1);
    call_add(&scene.wire, "t", "k", "c", 0, 1);
    ck_assert_uint_eq(syncs(&scene), before + 1);
    Cardinal__V1__Request *memory = request_add("safe", "k", "c", 1, 1);
    memory->ingest->ack = MEMORY;
    wire_free(call_ok(&scene.wire, memory));
    request_free(memory);
    ck_assert_uint_eq(syncs(&scene), before + 1);
    end(&scene);
}
END_TEST

START_TEST(server_says_it_where_the_table_does_not)
{
    struct disk_scene scene;
    begin(&scene, "--default-ack", "durable");
    uint64_t before = syncs(&scene);
    call_add(&scene.wire, "t", "k", "c", 0, 1);
    ck_assert_uint_eq(syncs(&scene), before + 1);
    add(&scene, 1, 1, MEMORY);
    ck_assert_uint_eq(syncs(&scene), before + 1);
    end(&scene);
}
END_TEST

START_TEST(durable_writes_share_syncs_while_the_connection_goes_on)
{
    struct disk_scene scene;
    uint64_t pings = 0;
    setenv("CARDINALD_FAILPOINT", "journal-sync-before:3:slow", 1); /* header, table, .. */
    begin(&scene, NULL, NULL);
    unsetenv("CARDINALD_FAILPOINT");
    uint64_t before = syncs(&scene);
    Cardinal__V1__Ping ping = CARDINAL__V1__PING__INIT;
    for (uint64_t i = 0; i < PIPELINED; i++) {
        Cardinal__V1__Request *request = add_request(10 * i, 10, DURABLE);
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
    ck_assert_uint_lt(syncs(&scene) - before, PIPELINED);
    ck_assert_uint_gt(call_stat(&scene.wire, "journal.group_max"), 1);
    end(&scene);
}
END_TEST

START_TEST(unanswered_durable_writes_count_as_in_flight)
{
    struct disk_scene scene;
    begin(&scene, "--max-in-flight", "2");
    for (uint64_t i = 0; i < PIPELINED; i++) {
        Cardinal__V1__Request *request = add_request(10 * i, 10, DURABLE);
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
    end(&scene);
}
END_TEST

START_TEST(failed_sync_refuses_durable_writes_and_takes_others)
{
    struct disk_scene scene;
    setenv("CARDINALD_FAILPOINT", "journal-sync-before:3+:eio", 1); /* header, table, .. */
    begin(&scene, NULL, NULL);
    unsetenv("CARDINALD_FAILPOINT");
    check_add_refused(&scene, DURABLE, "a crash may undo it");
    check_add_refused(&scene, DURABLE, "the journal cannot be written");
    check_refused(&scene, request_create("more"));
    check_refused(&scene, request_alter("t"));
    check_refused(&scene, request_drop("t"));
    ck_assert_uint_gt(add(&scene, 0, 10, MEMORY), 0);
    check_refused(&scene, request_delete("t", "k"));
    ck_assert_double_gt(call_count(&scene.wire, "t", "k", "c"), 9);
    ck_assert_uint_eq(call_stat(&scene.wire, "journal.degraded"), 1);
    ck_assert_uint_ge(call_stat(&scene.wire, "journal.errors"), 1);
    end(&scene);
}
END_TEST

/* Sends durable writes to a daemon whose next sync takes two seconds. */
static void begin_slowly(struct disk_scene *scene)
{
    setenv("CARDINALD_FAILPOINT", "journal-sync-before:3:slow", 1); /* header, table, .. */
    begin(scene, NULL, NULL);
    unsetenv("CARDINALD_FAILPOINT");
    for (uint64_t i = 0; i < 4; i++) {
        Cardinal__V1__Request *request = add_request(10 * i, 10, DURABLE);
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
    ck_assert_uint_gt(add(&scene, 100, 10, DURABLE), 0);
    ck_assert_double_gt(call_count(&scene.wire, "t", "k", "c"), 9);
    end(&scene);
}
END_TEST

START_TEST(second_daemon_is_refused)
{
    struct disk_scene scene;
    struct run run;
    char pid[32];
    begin(&scene, NULL, NULL);
    const char *const argv[] = { PROGRAM_CARDINALD, "--data-dir",        scene.data_dir,
                                 "--listen",        "tcp://127.0.0.1:0", NULL };
    run_program(&run, argv);
    ck_assert_int_eq(run.exit_status, 1);
    snprintf(pid, sizeof pid, "pid %d", (int)scene.daemon.pid);
    ck_assert_msg(strstr(run.err, pid) != NULL, "'%s' is not in '%s'", pid, run.err);
    run_release(&run);
    end(&scene);
}
END_TEST

START_TEST(command_line_asks_for_the_disk)
{
    struct disk_scene scene;
    struct run run;
    begin(&scene, NULL, NULL);
    uint64_t before = syncs(&scene);
    CLI(&run, daemon_address(&scene.daemon), "add", "t", "k", "c", "x", "--ack", "durable");
    run_release(&run);
    ck_assert_uint_eq(syncs(&scene), before + 1);
    CLI(&run, daemon_address(&scene.daemon), "add", "t", "k", "c", "y", "--ack", "memory");
    run_release(&run);
    ck_assert_uint_eq(syncs(&scene), before + 1);
    end(&scene);
}
END_TEST

/* How many syncs a command line takes. */
static uint64_t syncs_of(struct disk_scene *scene, const char *const *words)
{
    const char *argv[16] = { PROGRAM_CARDINAL, "--server", daemon_address(&scene->daemon) };
    struct run run;
    size_t count = 3;
    for (; *words != NULL; words++)
        argv[count++] = *words;
    uint64_t before = syncs(scene);
    run_program(&run, argv);
    ck_assert_msg(run.exit_status == 0, "%s", run.err);
    run_release(&run);
    return syncs(scene) - before;
}

#define SYNCS(scene, ...) syncs_of(scene, (const char *const[]){ __VA_ARGS__, NULL })

START_TEST(merges_and_imports_ask_for_the_disk_too)
{
    struct disk_scene scene;
    char path[160];
    begin(&scene, NULL, NULL);
    scratch_path(path, sizeof path, "sketch");
    add(&scene, 0, 100, MEMORY);
    ck_assert_uint_eq(SYNCS(&scene, "merge", "t", "a", "k", "--ack", "memory"), 0);
    ck_assert_uint_eq(SYNCS(&scene, "merge", "t", "b", "k", "--ack", "durable"), 1);
    ck_assert_uint_eq(SYNCS(&scene, "export", "t", "k", "c", "--out", path), 0);
    ck_assert_uint_eq(SYNCS(&scene, "import", "t", "d", "c", path), 0);
    ck_assert_uint_eq(SYNCS(&scene, "import", "t", "e", "c", path, "--ack", "durable"), 1);
    end(&scene);
}
END_TEST

START_TEST(batches_that_do_not_say_are_answered_as_the_client_is)
{
    struct disk_scene scene;
    cardinal_options options = CARDINAL_OPTIONS_INIT;
    cardinal_client *client;
    begin(&scene, NULL, NULL);
    options.address = daemon_address(&scene.daemon);
    options.ack = CARDINAL_ACK_DURABLE;
    ck_assert_int_eq(cardinal_connect(&options, &client, NULL), CARDINAL_OK);
    for (unsigned i = 0; i < 2; i++) {
        cardinal_batch_options batch_options = CARDINAL_BATCH_OPTIONS_INIT;
        cardinal_batch *batch;
        uint64_t before = syncs(&scene);
        batch_options.ack = i == 0 ? CARDINAL_ACK_DEFAULT : CARDINAL_ACK_MEMORY;
        ck_assert_int_eq(cardinal_batch_open(client, "t", NULL, 0, &batch_options, &batch),
                         CARDINAL_OK);
        ck_assert_int_eq(cardinal_batch_int(batch, "k", 1, 0, (int64_t)i), CARDINAL_OK);
        ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK);
        cardinal_batch_close(batch);
        ck_assert_uint_eq(syncs(&scene) - before, i == 0 ? 1 : 0);
    }
    cardinal_close(client);
    options.ack = (cardinal_ack)3;
    ck_assert_int_eq(cardinal_connect(&options, &client, NULL), CARDINAL_ERR_USAGE);
    end(&scene);
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
        command_line_asks_for_the_disk,
        merges_and_imports_ask_for_the_disk_too,
        batches_that_do_not_say_are_answered_as_the_client_is,
        default_durable_without_a_directory_is_refused,
    };
    return RUN_INTEGRATION("durable", tests);
}
