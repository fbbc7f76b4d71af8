#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/include/cardinal.h"
#include "client/lib/address.h"
#include "client/lib/clock.h"
#include "tests/unit/client/fake_server.h"
#include "tests/unit/run_suite.h"

/* What the server does to requests of one kind. */
struct plan {
    Cardinal__V1__Request__BodyCase kind;
    enum fake_action action;
    int times; /* and then answers them */
    Cardinal__V1__Status hello_status;
    int hello_times; /* so many hellos are refused, */
    int hello_after; /* after so many connections */
    int seen;        /* requests of the kind */
};

static struct plan plan;
static struct fake_server server;
static cardinal_client *client;

static enum fake_action act(const Cardinal__V1__Request *request, struct fake_reply *reply,
                            int connection, void *arg)
{
    struct plan *to = arg;
    if (request->body_case == CARDINAL__V1__REQUEST__BODY_HELLO && connection > to->hello_after &&
        connection <= to->hello_after + to->hello_times)
        return fake_error(reply, to->hello_status, "not now");
    if (request->body_case != to->kind)
        return FAKE_ANSWER;
    return to->seen++ < to->times ? to->action : FAKE_ANSWER;
}

static cardinal_options options_for(void)
{
    cardinal_options options = CARDINAL_OPTIONS_INIT;
    options.address = server.address;
    options.connect_timeout_ms = 3000;
    options.request_timeout_ms = 3000;
    return options;
}

static void start(void)
{
    fake_server_start(&server, act, &plan);
    cardinal_options options = options_for();
    ck_assert_int_eq(cardinal_connect(&options, &client, NULL), CARDINAL_OK);
}

static void stop(void)
{
    cardinal_close(client);
    fake_server_stop(&server);
}

START_TEST(read_cut_off_is_sent_again)
{
    plan =
        (struct plan){ .kind = CARDINAL__V1__REQUEST__BODY_PING, .action = FAKE_CUT, .times = 2 };
    start();
    ck_assert_int_eq(cardinal_ping(client), CARDINAL_OK);
    stop();
    ck_assert_int_eq(plan.seen, 3);
    ck_assert_int_eq(atomic_load(&server.connections), 3);
}
END_TEST

START_TEST(ingest_cut_off_is_sent_again)
{
    cardinal_batch *batch;
    cardinal_batch_totals totals;
    plan =
        (struct plan){ .kind = CARDINAL__V1__REQUEST__BODY_INGEST, .action = FAKE_CUT, .times = 1 };
    start();
    ck_assert_int_eq(cardinal_batch_open(client, "t", NULL, 0, NULL, &batch), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_int(batch, "k", 1, 0, 1), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK);
    cardinal_batch_get_totals(batch, &totals);
    ck_assert_uint_eq(totals.values, 1);
    cardinal_batch_close(batch);
    stop();
    ck_assert_int_eq(plan.seen, 2);
}
END_TEST

START_TEST(change_cut_off_is_lost_and_not_sent_again)
{
    plan = (struct plan){ .kind = CARDINAL__V1__REQUEST__BODY_CREATE_TABLE,
                          .action = FAKE_CUT,
                          .times = 1 };
    cardinal_table_spec spec = CARDINAL_TABLE_SPEC_INIT;
    spec.name = "t";
    start();
    ck_assert_int_eq(cardinal_table_create(client, &spec, NULL, NULL), CARDINAL_ERR_LOST);
    ck_assert_ptr_nonnull(strstr(cardinal_error(client), "CreateTable"));
    ck_assert_int_eq(cardinal_ping(client), CARDINAL_OK);
    stop();
    ck_assert_int_eq(plan.seen, 1);
}
END_TEST

START_TEST(delete_cut_off_is_lost)
{
    plan =
        (struct plan){ .kind = CARDINAL__V1__REQUEST__BODY_DELETE, .action = FAKE_CUT, .times = 1 };
    cardinal_selector all = cardinal_select_all();
    uint64_t deleted = 42;
    start();
    ck_assert_int_eq(cardinal_delete(client, "t", &all, &deleted), CARDINAL_ERR_LOST);
    ck_assert_uint_eq(deleted, 42);
    stop();
    ck_assert_int_eq(plan.seen, 1);
}
END_TEST

START_TEST(retries_end)
{
    plan = (struct plan){ .kind = CARDINAL__V1__REQUEST__BODY_PING,
                          .action = FAKE_CUT,
                          .times = 1000 };
    fake_server_start(&server, act, &plan);
    cardinal_options options = options_for();
    options.retries = 2;
    ck_assert_int_eq(cardinal_connect(&options, &client, NULL), CARDINAL_OK);
    ck_assert_int_eq(cardinal_ping(client), CARDINAL_ERR_LOST);
    stop();
    ck_assert_int_eq(plan.seen, 3);
}
END_TEST

START_TEST(no_retries_when_told_so)
{
    plan = (struct plan){ .kind = CARDINAL__V1__REQUEST__BODY_PING,
                          .action = FAKE_CUT,
                          .times = 1000 };
    fake_server_start(&server, act, &plan);
    cardinal_options options = options_for();
    options.retries = -1;
    ck_assert_int_eq(cardinal_connect(&options, &client, NULL), CARDINAL_OK);
    ck_assert_int_eq(cardinal_ping(client), CARDINAL_ERR_LOST);
    stop();
    ck_assert_int_eq(plan.seen, 1);
}
END_TEST

START_TEST(unanswered_request_times_out_and_the_next_is_served)
{
    plan = (struct plan){ .kind = CARDINAL__V1__REQUEST__BODY_PING,
                          .action = FAKE_SILENCE,
                          .times = 1 };
    fake_server_start(&server, act, &plan);
    cardinal_options options = options_for();
    options.request_timeout_ms = 100;
    ck_assert_int_eq(cardinal_connect(&options, &client, NULL), CARDINAL_OK);
    int64_t began = clock_ms();
    ck_assert_int_eq(cardinal_ping(client), CARDINAL_ERR_TIMEOUT);
    ck_assert_int_ge(clock_ms() - began, 99);
    ck_assert_int_eq(cardinal_ping(client), CARDINAL_OK);
    stop();
    ck_assert_int_eq(atomic_load(&server.connections), 1);
}
END_TEST

START_TEST(late_answer_disturbs_nothing)
{
    plan =
        (struct plan){ .kind = CARDINAL__V1__REQUEST__BODY_PING, .action = FAKE_HOLD, .times = 1 };
    fake_server_start(&server, act, &plan);
    cardinal_options options = options_for();
    options.request_timeout_ms = 100;
    ck_assert_int_eq(cardinal_connect(&options, &client, NULL), CARDINAL_OK);
    ck_assert_int_eq(cardinal_ping(client), CARDINAL_ERR_TIMEOUT);
    ck_assert_int_eq(cardinal_ping(client), CARDINAL_OK); /* releases the held answer too */
    ck_assert_int_eq(cardinal_ping(client), CARDINAL_OK);
    stop();
    ck_assert_int_eq(atomic_load(&server.connections), 1);
}
END_TEST

START_TEST(refused_hello_tells_why)
{
    char *text = NULL;
    plan = (struct plan){ .hello_status = CARDINAL__V1__STATUS__STATUS_UNAUTHENTICATED,
                          .hello_times = 1 };
    fake_server_start(&server, act, &plan);
    cardinal_options options = options_for();
    client = NULL;
    ck_assert_int_eq(cardinal_connect(&options, &client, &text), CARDINAL_UNAUTHENTICATED);
    ck_assert_ptr_null(client);
    ck_assert_str_eq(text, "not now");
    cardinal_free_text(text);
    stop();
}
END_TEST

START_TEST(server_that_is_starting_is_waited_for_on_reconnection)
{
    plan = (struct plan){ .kind = CARDINAL__V1__REQUEST__BODY_PING,
                          .action = FAKE_CUT,
                          .times = 1,
                          .hello_status = CARDINAL__V1__STATUS__STATUS_NOT_READY,
                          .hello_times = 2,
                          .hello_after = 1 };
    start();
    ck_assert_int_eq(cardinal_ping(client), CARDINAL_OK);
    stop();
    ck_assert_int_eq(atomic_load(&server.connections), 4);
}
END_TEST

START_TEST(nobody_there_is_a_connect_error)
{
    cardinal_options options = CARDINAL_OPTIONS_INIT;
    char *text = NULL;
    fake_server_start(&server, fake_sensible, NULL);
    fake_server_stop(&server);
    options.address = server.address;
    ck_assert_int_eq(cardinal_connect(&options, &client, &text), CARDINAL_ERR_CONNECT);
    ck_assert_ptr_nonnull(strstr(text, server.address));
    ck_assert_ptr_nonnull(strstr(text, strerror(ECONNREFUSED)));
    cardinal_free_text(text);
    options.address = "unix:///nonexistent/socket";
    ck_assert_int_eq(cardinal_connect(&options, &client, NULL), CARDINAL_ERR_CONNECT);
}
END_TEST

START_TEST(child_may_close_without_disturbing_its_parent)
{
    start();
    ck_assert_int_eq(cardinal_ping(client), CARDINAL_OK);
    pid_t child = fork();
    if (child == 0) {
        cardinal_close(client);
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(cardinal_ping(client), CARDINAL_OK);
    stop();
    ck_assert_int_eq(atomic_load(&server.connections), 1);
}
END_TEST

START_TEST(options_not_started_from_init_are_refused)
{
    cardinal_options options = { 0 };
    ck_assert_int_eq(cardinal_connect(&options, &client, NULL), CARDINAL_ERR_USAGE);
    options = (cardinal_options)CARDINAL_OPTIONS_INIT;
    options.retries = -2;
    ck_assert_int_eq(cardinal_connect(&options, &client, NULL), CARDINAL_ERR_USAGE);
}
END_TEST

START_TEST(options_of_a_newer_header_are_taken_while_unset)
{
    struct {
        cardinal_options known;
        uint64_t unknown;
    } newer = { .known = CARDINAL_OPTIONS_INIT };
    newer.known.size = sizeof newer;
    fake_server_start(&server, fake_sensible, NULL);
    newer.known.address = server.address;
    ck_assert_int_eq(cardinal_connect(&newer.known, &client, NULL), CARDINAL_OK);
    stop();
    newer.unknown = 1;
    ck_assert_int_eq(cardinal_connect(&newer.known, &client, NULL), CARDINAL_ERR_USAGE);
}
END_TEST

START_TEST(addresses_are_read)
{
    static const char *const bad[] = {
        "",           "127.0.0.1:1",  "tcp://",        "tcp://host", "tcp://host:",
        "tcp://:1",   "tcp://host:0", "tcp://h:65536", "tcp://h:1x", "tcp://::1:5",
        "tcp://[::1", "tcp://[::1]",  "tcp://[]:1",    "unix://",    "http://h:1",
    };
    struct address address;
    struct fault fault;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(address_parse(&address, bad[i], &fault) == CARDINAL_ERR_ADDRESS, "%s",
                      bad[i]);
    ck_assert_int_eq(address_parse(&address, "tcp://[::1]:7410", &fault), CARDINAL_OK);
    ck_assert_str_eq(address.host, "::1");
    ck_assert_str_eq(address.port, "7410");
    ck_assert_int_eq(address_parse(&address, "tcp://localhost:65535", &fault), CARDINAL_OK);
    ck_assert_str_eq(address.host, "localhost");
    ck_assert_int_eq(address_parse(&address, "unix:///run/x.sock", &fault), CARDINAL_OK);
    ck_assert_str_eq(address.path, "/run/x.sock");
    char text[256] = "unix://";
    memset(text + 7, 'p', ADDRESS_PATH_MAX);
    ck_assert_int_eq(address_parse(&address, text, &fault), CARDINAL_ERR_ADDRESS);
    text[7 + ADDRESS_PATH_MAX - 1] = '\0';
    ck_assert_int_eq(address_parse(&address, text, &fault), CARDINAL_OK);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        read_cut_off_is_sent_again,
        ingest_cut_off_is_sent_again,
        change_cut_off_is_lost_and_not_sent_again,
        delete_cut_off_is_lost,
        retries_end,
        no_retries_when_told_so,
        unanswered_request_times_out_and_the_next_is_served,
        late_answer_disturbs_nothing,
        refused_hello_tells_why,
        server_that_is_starting_is_waited_for_on_reconnection,
        nobody_there_is_a_connect_error,
        child_may_close_without_disturbing_its_parent,
        options_not_started_from_init_are_refused,
        options_of_a_newer_header_are_taken_while_unset,
        addresses_are_read,
    };
    return RUN_SUITE("client_connection", tests);
}
