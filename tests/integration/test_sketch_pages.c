/* Exports of many keys, page by page, and imports of many sketches at once. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/include/cardinal.h"
#include "tests/integration/harness/calls.h"
#include "tests/integration/harness/daemon.h"
#include "tests/integration/harness/requests.h"
#include "tests/integration/harness/run_integration.h"

#define KEYS 700u
#define FRAME_CAP "65536"

static const char *const frame_options[] = { "--max-frame", FRAME_CAP, NULL };
static const char *const column = "x";

static struct daemon daemon_;
static struct wire wire;
static cardinal_client *client;

/* Key number i, in key order, has i values and 3,000 more if i is a multiple of 50. */
static uint64_t values_of(unsigned i)
{
    return i + (i % 50 == 0 ? 3000 : 0) + 1;
}

static void key_name(char out[16], unsigned i)
{
    (void)snprintf(out, 16, "key/%05u", i);
}

static void begin(void)
{
    static const char *const columns[] = { "x", "y" };
    cardinal_options options = CARDINAL_OPTIONS_INIT;
    daemon_start(&daemon_, DAEMON_UNIX, frame_options);
    options.address = daemon_address(&daemon_);
    ck_assert_int_eq(cardinal_connect(&options, &client, NULL), CARDINAL_OK);
    call_connect(&wire, daemon_address(&daemon_));
    call_create(&wire, "t", columns, 2, 0);
    call_create(&wire, "copy", columns, 2, 0);
    for (unsigned i = 0; i < KEYS; i++) {
        char key[16];
        key_name(key, i);
        call_add(&wire, "t", key, "x", 0, values_of(i));
    }
}

static void end(void)
{
    cardinal_close(client);
    wire_close(&wire);
    daemon_stop(&daemon_);
}

struct copied {
    cardinal_client *to;
    unsigned next;
    unsigned step; /* between the numbers of keys that come */
    unsigned stop_after;
};

/* Puts each sketch into the other table, through a connection of its own: the
 * exporting one is in the middle of a page. */
static bool copy_visit(cardinal_key key, const void *sketch, size_t len, void *arg)
{
    struct copied *copied = arg;
    char wanted[16];
    key_name(wanted, copied->next);
    ck_assert_uint_eq(key.len, strlen(wanted));
    ck_assert_mem_eq(key.data, wanted, key.len);
    bool changed;
    ck_assert_int_eq(cardinal_import(copied->to, "copy", column, key, CARDINAL_FORMAT_NATIVE,
                                     sketch, len, false, &changed),
                     CARDINAL_OK);
    ck_assert(changed);
    copied->next += copied->step;
    return copied->next < copied->stop_after;
}

static void copy(const cardinal_selector *selector, struct copied *copied)
{
    cardinal_options options = CARDINAL_OPTIONS_INIT;
    options.address = daemon_address(&daemon_);
    ck_assert_int_eq(cardinal_connect(&options, &copied->to, NULL), CARDINAL_OK);
    cardinal_status status =
        cardinal_export(client, "t", column, selector, CARDINAL_FORMAT_NATIVE, copy_visit, copied);
    ck_assert_msg(status == CARDINAL_OK, "%s", cardinal_error(client));
    cardinal_close(copied->to);
}

START_TEST(a_table_copied_sketch_by_sketch_has_the_same_digest)
{
    begin();
    cardinal_selector all = cardinal_select_all();
    struct copied copied = { .step = 1, .stop_after = UINT32_MAX };
    copy(&all, &copied);
    ck_assert_uint_eq(copied.next, KEYS);
    ck_assert_uint_eq(call_digest(&wire, "copy"), call_digest(&wire, "t"));
    end();
}
END_TEST

START_TEST(an_export_ends_where_the_visitor_says)
{
    begin();
    cardinal_selector all = cardinal_select_prefix("key/", 4);
    struct copied copied = { .step = 1, .stop_after = 20 };
    copy(&all, &copied);
    ck_assert_uint_eq(call_keys(&wire, "copy"), 20);
    end();
}
END_TEST

/* In any order, some twice, and most of them not there. */
START_TEST(listed_keys_come_in_order_and_once)
{
    static char names[4 * KEYS][16];
    static cardinal_key keys[4 * KEYS];
    begin();
    for (unsigned i = 0; i < 4 * KEYS; i++) {
        if (i % 2 == 0)
            key_name(names[i], (4 * KEYS - i) / 2 % KEYS);
        else
            (void)snprintf(names[i], sizeof names[i], "k%u", i);
        keys[i] = (cardinal_key){ names[i], strlen(names[i]) };
    }
    cardinal_selector list = cardinal_select_keys(keys, 4 * KEYS);
    struct copied copied = { .step = 1, .stop_after = UINT32_MAX };
    copy(&list, &copied);
    ck_assert_uint_eq(copied.next, KEYS);
    ck_assert_uint_eq(call_digest(&wire, "copy"), call_digest(&wire, "t"));
    end();
}
END_TEST

static Cardinal__V1__KeySketch *exported(const char *name)
{
    Cardinal__V1__Export body = CARDINAL__V1__EXPORT__INIT;
    body.table = "t";
    body.column = "x";
    body.selector = select_key(name);
    Cardinal__V1__Request request = REQUEST_OF(EXPORT, export, &body);
    Cardinal__V1__Response *response = call_ok(&wire, &request);
    ck_assert_uint_eq(response->export->n_sketches, 1);
    Cardinal__V1__KeySketch *sketch = response->export->sketches[0];
    response->export->n_sketches = 0;
    wire_free(response);
    cardinal__v1__selector__free_unpacked(body.selector, NULL);
    return sketch;
}

/* One bad sketch among good ones: none is merged. */
START_TEST(an_import_is_refused_whole)
{
    Cardinal__V1__Import body = CARDINAL__V1__IMPORT__INIT;
    Cardinal__V1__KeySketch *sketches[3];
    begin();
    uint64_t digest = call_digest(&wire, "copy");
    sketches[0] = exported("key/00001");
    sketches[1] = exported("key/00050");
    sketches[2] = exported("key/00002");
    body.table = "copy";
    body.column = "x";
    body.n_sketches = 3;
    body.sketches = sketches;
    Cardinal__V1__Request request = REQUEST_OF(IMPORT, import, &body);
    sketches[2]->sketch.len--;
    call_refused(&wire, &request, CARDINAL__V1__STATUS__STATUS_INVALID_ARGUMENT,
                 "sketch of key 'key/00002': not a sound native sketch");
    ck_assert_uint_eq(call_digest(&wire, "copy"), digest);
    ck_assert_uint_eq(call_keys(&wire, "copy"), 0);
    sketches[2]->sketch.len++;
    Cardinal__V1__Response *response = call_ok(&wire, &request);
    ck_assert_uint_eq(response->import->sketches, 3);
    ck_assert_uint_eq(response->import->changes, 3);
    wire_free(response);
    ck_assert_uint_eq(call_keys(&wire, "copy"), 3);
    for (size_t i = 0; i < 3; i++)
        cardinal__v1__key_sketch__free_unpacked(sketches[i], NULL);
    end();
}
END_TEST

START_TEST(a_sketch_that_no_frame_holds_is_refused)
{
    static const char *const columns[] = { "x" };
    cardinal_table_spec spec = CARDINAL_TABLE_SPEC_INIT;
    begin();
    spec.name = "wide";
    spec.columns = columns;
    spec.column_count = 1;
    spec.precision = 18;
    ck_assert_int_eq(cardinal_table_create(client, &spec, NULL, NULL), CARDINAL_OK);
    call_add(&wire, "wide", "k", "x", 0, 200000);
    cardinal_selector all = cardinal_select_all();
    struct copied copied = { .step = 1, .stop_after = UINT32_MAX };
    ck_assert_int_eq(
        cardinal_export(client, "wide", "x", &all, CARDINAL_FORMAT_NATIVE, copy_visit, &copied),
        CARDINAL_TOO_LARGE);
    ck_assert_str_eq(cardinal_error(client), "one sketch does not fit into max_frame");
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_table_copied_sketch_by_sketch_has_the_same_digest,
        an_export_ends_where_the_visitor_says,
        listed_keys_come_in_order_and_once,
        an_import_is_refused_whole,
        a_sketch_that_no_frame_holds_is_refused,
    };
    return RUN_INTEGRATION("sketch_pages", tests);
}
