#include <stdio.h>
#include <string.h>

#include "cardinal.pb-c.h"
#include "daemon/wire/page_token.h"
#include "daemon/wire/reply.h"
#include "proto/frame.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/wire/packed.h"

static const char *const names[] = { "a", "b" };
static const struct reply_columns ab = { names, 2 };
static const struct estimate estimates[] = { { 1.0, 0.0 }, { 2.5, 0.25 } };

/* A page of a scan for a frame of at most max_frame bytes. */
struct fixture {
    struct outbuf out;
    struct reply_to to;
    struct reply_page page;
    uint8_t token[PAGE_TOKEN_MAX];
};

static void begin_scan(struct fixture *f, size_t max_frame, uint32_t max_bytes)
{
    outbuf_init(&f->out);
    f->to = (struct reply_to){ .out = &f->out, .id = 5, .max_frame = max_frame };
    ck_assert_int_eq(reply_scan_begin(&f->page, &f->to, &ab, max_bytes, NULL), ST_OK);
}

/* Adds keys k00000, k00001, .. until the page is full; returns how many. */
static size_t fill(struct fixture *f, size_t most)
{
    for (size_t i = 0; i < most; i++) {
        char key[32];
        snprintf(key, sizeof key, "k%05zu", i);
        enum page_result result = reply_scan_key(&f->page, view_of(key), estimates);
        if (result == PAGE_FULL)
            return i;
        ck_assert_int_eq(result, PAGE_ADDED);
    }
    return most;
}

static void finish(struct fixture *f, const char *last)
{
    struct selector all = { .kind = SELECTOR_ALL };
    struct page_scope scope = page_scope_of_scan(1, &all);
    size_t len = page_token_encode(&scope, view_of(last), f->token);
    reply_page_end(&f->page, (struct bytes_view){ f->token, len });
}

static Cardinal__V1__Response *receive(const struct fixture *f)
{
    const uint8_t *payload;
    size_t len;
    ck_assert_int_eq(frame_peek(f->out.data, f->out.len, f->to.max_frame, &payload, &len),
                     FRAME_WHOLE);
    ck_assert_uint_eq(len + FRAME_HEADER_BYTES, f->out.len);
    Cardinal__V1__Response *response = cardinal__v1__response__unpack(NULL, len, payload);
    ck_assert_ptr_nonnull(response);
    return response;
}

static void done(struct fixture *f, Cardinal__V1__Response *response)
{
    cardinal__v1__response__free_unpacked(response, NULL);
    outbuf_release(&f->out);
}

START_TEST(page_carries_its_keys_and_no_token_at_the_end)
{
    struct fixture f;
    begin_scan(&f, 1 << 20, 0);
    ck_assert_uint_eq(fill(&f, 3), 3);
    reply_page_end(&f.page, view_of(""));
    Cardinal__V1__Response *response = receive(&f);
    ck_assert_uint_eq(response->body_case, CARDINAL__V1__RESPONSE__BODY_SCAN);
    ck_assert_uint_eq(response->scan->n_columns, 2);
    ck_assert_uint_eq(response->scan->n_keys, 3);
    ck_assert_uint_eq(response->scan->next_page_token.len, 0);
    const Cardinal__V1__KeyEstimates *key = response->scan->keys[2];
    ck_assert_view_eq(((struct bytes_view){ key->key.data, key->key.len }), "k00002");
    ck_assert(key->found);
    ck_assert_double_eq(key->estimates[1], 2.5);
    ck_assert_float_eq(key->rse[1], 0.25f);
    done(&f, response);
}
END_TEST

START_TEST(full_page_stays_under_the_cap_with_its_token)
{
    /* Around the sizes at which the length of the body takes a byte more. */
    const size_t caps[] = { 150, 200, 300, 1000, 16390, 16400, 100000, 2097160, 2097200 };
    for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++) {
        struct fixture f;
        begin_scan(&f, caps[i], 0);
        size_t n = fill(&f, SIZE_MAX);
        char last[32];
        snprintf(last, sizeof last, "k%05zu", n - 1);
        finish(&f, last);
        ck_assert_uint_le(f.out.len - FRAME_HEADER_BYTES, caps[i]);
        ck_assert_uint_gt(f.out.len + 100, caps[i]);
        Cardinal__V1__Response *response = receive(&f);
        ck_assert_uint_eq(response->scan->n_keys, n);
        ck_assert_uint_eq(response->scan->next_page_token.len, PAGE_TOKEN_MIN + strlen(last));
        done(&f, response);
    }
}
END_TEST

START_TEST(client_bytes_bound_the_page_but_one_key_fits)
{
    struct fixture f;
    begin_scan(&f, 1 << 20, 500);
    size_t n = fill(&f, 1000);
    ck_assert_uint_gt(n, 1);
    finish(&f, "k00001");
    ck_assert_uint_le(f.out.len - FRAME_HEADER_BYTES, 500);
    outbuf_release(&f.out);
    begin_scan(&f, 1 << 20, 1);
    ck_assert_uint_eq(fill(&f, 1000), 1);
    reply_page_abandon(&f.page);
    outbuf_release(&f.out);
}
END_TEST

START_TEST(key_over_the_cap_is_too_wide_for_any_page)
{
    struct fixture f;
    begin_scan(&f, 60, 0);
    ck_assert_int_eq(reply_scan_key(&f.page, view_of("k"), estimates), PAGE_TOO_WIDE);
    reply_page_abandon(&f.page);
    ck_assert_uint_eq(f.out.len, 0);
    outbuf_release(&f.out);
}
END_TEST

START_TEST(columns_over_the_cap_are_refused)
{
    struct fixture f;
    struct error err;
    outbuf_init(&f.out);
    f.to = (struct reply_to){ .out = &f.out, .id = 5, .max_frame = 10 };
    ck_assert_int_eq(reply_scan_begin(&f.page, &f.to, &ab, 0, &err), ST_TOO_LARGE);
    ck_assert_uint_eq(f.out.len, 0);
    outbuf_release(&f.out);
}
END_TEST

START_TEST(abandoned_page_leaves_what_was_before)
{
    struct fixture f;
    outbuf_init(&f.out);
    f.to = (struct reply_to){ .out = &f.out, .id = 5, .max_frame = 1 << 20 };
    ck_assert_int_eq(reply_ping(&f.to, NULL), ST_OK);
    size_t before = f.out.len;
    ck_assert_int_eq(reply_scan_begin(&f.page, &f.to, &ab, 0, NULL), ST_OK);
    fill(&f, 100);
    reply_page_abandon(&f.page);
    ck_assert_uint_eq(f.out.len, before);
    outbuf_release(&f.out);
}
END_TEST

START_TEST(tables_are_listed_until_the_page_is_full)
{
    const struct table_reply_column columns[] = { { "a", 1 } };
    const struct table_reply table = {
        .id = 9, .name = "visits", .columns = columns, .column_count = 1, .precision = 14
    };
    struct fixture f;
    size_t n = 0;
    outbuf_init(&f.out);
    f.to = (struct reply_to){ .out = &f.out, .id = 6, .max_frame = 1000 };
    ck_assert_int_eq(reply_list_tables_begin(&f.page, &f.to, NULL), ST_OK);
    while (reply_list_tables_table(&f.page, &table) == PAGE_ADDED)
        n++;
    ck_assert_uint_gt(n, 5);
    finish(&f, "visits");
    Cardinal__V1__Response *response = receive(&f);
    ck_assert_uint_eq(response->body_case, CARDINAL__V1__RESPONSE__BODY_LIST_TABLES);
    ck_assert_uint_eq(response->list_tables->n_tables, n);
    ck_assert_uint_eq(response->list_tables->tables[0]->table_id, 9);
    ck_assert_uint_gt(response->list_tables->next_page_token.len, 0);
    done(&f, response);
}
END_TEST

START_TEST(failing_allocation_keeps_the_page_whole)
{
    bool failed = true;
    for (long n = 0; failed; n++) {
        struct fixture f;
        begin_scan(&f, 1 << 20, 0);
        size_t added = 0;
        enum page_result result = PAGE_ADDED;
        failing_alloc_arm(n);
        while (added < 1000 && result == PAGE_ADDED) {
            result = reply_scan_key(&f.page, view_of("key"), estimates);
            added += result == PAGE_ADDED;
        }
        failed = failing_alloc_disarm();
        ck_assert_int_eq(result, failed ? PAGE_NOMEM : PAGE_ADDED);
        reply_page_end(&f.page, view_of(""));
        Cardinal__V1__Response *response = receive(&f);
        ck_assert_uint_eq(response->scan->n_keys, added);
        done(&f, response);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        page_carries_its_keys_and_no_token_at_the_end,
        full_page_stays_under_the_cap_with_its_token,
        client_bytes_bound_the_page_but_one_key_fits,
        key_over_the_cap_is_too_wide_for_any_page,
        columns_over_the_cap_are_refused,
        abandoned_page_leaves_what_was_before,
        tables_are_listed_until_the_page_is_full,
        failing_allocation_keeps_the_page_whole,
    };
    return RUN_SUITE("reply_page", tests);
}
