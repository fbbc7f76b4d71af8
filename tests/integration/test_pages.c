/* Scans and listings, page by page. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/harness/requests.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scene.h"

#define KEYS 1500u
#define COLUMNS 16u
#define FRAME_CAP 65536u

struct key {
    uint8_t bytes[8];
    size_t len;
};

static struct key keys[KEYS]; /* in order */
static const char *const frame_options[] = { "--max-frame", "65536", NULL };

static int compare_keys(const void *a, const void *b)
{
    const struct key *x = a;
    const struct key *y = b;
    int order = memcmp(x->bytes, y->bytes, x->len < y->len ? x->len : y->len);
    return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

/* Keys of 0 to 3 bytes of all kinds, NUL and 0xff among them; each once. */
static void make_keys(void)
{
    for (unsigned i = 0; i < KEYS; i++) {
        unsigned n = i * 43691u; /* odd, so that no two are the same modulo 2^16 */
        keys[i] = (struct key){ { (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)i }, i % 2 + 2 };
    }
    keys[7].len = 0;
    qsort(keys, KEYS, sizeof keys[0], compare_keys);
}

static void begin(struct daemon *daemon, struct wire *wire, const char *const *options)
{
    static const char *const columns[COLUMNS] = { "c", "d", "e", "f", "g", "h", "i", "j",
                                                  "k", "l", "m", "n", "o", "p", "q", "r" };
    make_keys();
    daemon_start(daemon, DAEMON_TCP, options);
    call_connect(wire, daemon_address(daemon));
    call_create(wire, "t", columns, COLUMNS, 0);
    for (unsigned from = 0; from < KEYS; from += 100) {
        Cardinal__V1__Request *request = request_add("t", "", "c", 0, 0);
        for (unsigned i = from; i < from + 100; i++) {
            append_row(request->ingest, "", 0);
            set_bytes(&request->ingest->rows[1 + i - from]->key, keys[i].bytes, keys[i].len);
        }
        wire_free(call_ok(wire, request));
        request_free(request);
    }
    ck_assert_uint_eq(call_keys(wire, "t"), KEYS);
}

static void end(struct daemon *daemon, struct wire *wire)
{
    wire_close(wire);
    daemon_stop(daemon);
}

static Cardinal__V1__Request *scan_all(void)
{
    Cardinal__V1__Request *request = request_scan("t", NULL);
    request->scan->selector = select_all();
    return request;
}

/* What a page must keep to; 0: no bound. */
struct bounds {
    size_t keys;
    size_t bytes;
};

/* Takes one page, checking that its keys are those from keys[*next] on; whether
 * there is another. */
static bool take_page(struct wire *wire, Cardinal__V1__Request *request, struct bounds bounds,
                      size_t *next)
{
    Cardinal__V1__Response *response = call_ok(wire, request);
    const Cardinal__V1__ScanReply *page = response->scan;
    size_t bytes = cardinal__v1__response__get_packed_size(response);
    ck_assert_uint_gt(page->n_keys, 0);
    ck_assert(bounds.keys == 0 || page->n_keys <= bounds.keys);
    ck_assert_msg(bounds.bytes == 0 || bytes <= bounds.bytes, "a page of %zu bytes", bytes);
    for (size_t i = 0; i < page->n_keys; i++, (*next)++) {
        ck_assert_uint_lt(*next, KEYS);
        ck_assert_uint_eq(page->keys[i]->key.len, keys[*next].len);
        if (keys[*next].len > 0)
            ck_assert_mem_eq(page->keys[i]->key.data, keys[*next].bytes, keys[*next].len);
        ck_assert(page->keys[i]->found);
        ck_assert_uint_eq(page->keys[i]->n_estimates, COLUMNS);
        ck_assert_double_eq_tol(page->keys[i]->estimates[0], 1, 0.01);
        ck_assert_double_eq(page->keys[i]->estimates[COLUMNS - 1], 0);
    }
    bool more = page->next_page_token.len > 0;
    set_bytes(&request->scan->page_token, page->next_page_token.data, page->next_page_token.len);
    wire_free(response);
    return more;
}

/* Scans with the request, which it frees; keys[from .. to) must come. Returns
 * the number of pages. */
static size_t scan(struct wire *wire, Cardinal__V1__Request *request, struct bounds bounds,
                   size_t from, size_t to)
{
    size_t pages = 1;
    while (take_page(wire, request, bounds, &from))
        pages++;
    ck_assert_uint_eq(from, to);
    request_free(request);
    return pages;
}

START_TEST(pages_hold_no_more_keys_than_the_limit)
{
    struct daemon daemon;
    struct wire wire;
    begin(&daemon, &wire, NULL);
    static const uint32_t limits[] = { 1, 7, 100, 1499, 1500, 1501 };
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        Cardinal__V1__Request *request = scan_all();
        request->scan->limit = limits[i];
        size_t pages = scan(&wire, request, (struct bounds){ limits[i], 0 }, 0, KEYS);
        ck_assert_uint_ge(pages, (KEYS + limits[i] - 1) / limits[i]);
    }
    end(&daemon, &wire);
}
END_TEST

START_TEST(pages_hold_no_more_bytes_than_asked)
{
    struct daemon daemon;
    struct wire wire;
    begin(&daemon, &wire, NULL);
    static const uint32_t sizes[] = { 500, 5000 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        Cardinal__V1__Request *request = scan_all();
        request->scan->max_bytes = sizes[i];
        size_t pages = scan(&wire, request, (struct bounds){ 0, sizes[i] }, 0, KEYS);
        ck_assert_uint_gt(pages, 2);
    }
    end(&daemon, &wire);
}
END_TEST

START_TEST(page_has_one_key_where_none_fits)
{
    struct daemon daemon;
    struct wire wire;
    begin(&daemon, &wire, NULL);
    Cardinal__V1__Request *request = scan_all();
    request->scan->max_bytes = 1;
    ck_assert_uint_eq(scan(&wire, request, (struct bounds){ 1, 0 }, 0, KEYS), KEYS);
    end(&daemon, &wire);
}
END_TEST

START_TEST(no_page_exceeds_the_frame)
{
    struct daemon daemon;
    struct wire wire;
    begin(&daemon, &wire, frame_options);
    size_t pages = scan(&wire, scan_all(), (struct bounds){ 0, FRAME_CAP }, 0, KEYS);
    ck_assert_uint_gt(pages, 2);
    end(&daemon, &wire);
}
END_TEST

START_TEST(prefix_and_range_select_a_run_of_keys)
{
    struct daemon daemon;
    struct wire wire;
    size_t from = 0;
    size_t to = 0;
    begin(&daemon, &wire, NULL);
    while (keys[from].len == 0 || keys[from].bytes[0] < 'k')
        from++;
    for (to = from; keys[to].bytes[0] == 'k'; to++)
        ;
    ck_assert_uint_gt(to, from + 2);
    Cardinal__V1__Request *request = request_scan("t", NULL);
    request->scan->selector = select_prefix("k");
    request->scan->limit = 2;
    scan(&wire, request, (struct bounds){ 2, 0 }, from, to);
    request = request_scan("t", NULL);
    request->scan->selector = select_range("k", "l");
    request->scan->limit = 2;
    scan(&wire, request, (struct bounds){ 2, 0 }, from, to);
    request = request_scan("t", NULL);
    request->scan->selector = select_range("k", "");
    scan(&wire, request, (struct bounds){ 0, 0 }, from, KEYS);
    request = request_scan("t", NULL);
    request->scan->selector = select_range("", "l");
    scan(&wire, request, (struct bounds){ 0, 0 }, 0, to);
    end(&daemon, &wire);
}
END_TEST

START_TEST(token_of_another_scan_is_refused)
{
    struct daemon daemon;
    struct wire wire;
    size_t next = 0;
    begin(&daemon, &wire, NULL);
    Cardinal__V1__Request *request = scan_all();
    request->scan->limit = 5;
    ck_assert(take_page(&wire, request, (struct bounds){ 5, 0 }, &next));
    cardinal__v1__selector__free_unpacked(request->scan->selector, NULL);
    request->scan->selector = select_prefix("k");
    call_refused(&wire, request, CARDINAL__V1__STATUS__STATUS_INVALID_ARGUMENT, "page token");
    request_free(request);
    end(&daemon, &wire);
}
END_TEST

START_TEST(scan_goes_on_over_deletes)
{
    struct daemon daemon;
    struct wire wire;
    size_t next = 0;
    begin(&daemon, &wire, NULL);
    Cardinal__V1__Request *request = scan_all();
    request->scan->limit = 10;
    ck_assert(take_page(&wire, request, (struct bounds){ 10, 0 }, &next));
    /* The key that the token stands on, and the one after it. */
    for (size_t i = 9; i <= 10; i++) {
        Cardinal__V1__Request *gone = request_delete("t", "");
        set_bytes(&gone->delete_->selector->list->keys[0], keys[i].bytes, keys[i].len);
        wire_free(call_ok(&wire, gone));
        request_free(gone);
    }
    next = 11;
    scan(&wire, request, (struct bounds){ 10, 0 }, next, KEYS);
    end(&daemon, &wire);
}
END_TEST

START_TEST(tables_are_listed_by_name_page_by_page)
{
    enum { TABLES = 40 };
    struct daemon daemon;
    struct wire wire;
    size_t seen = 0;
    bool more = true;
    begin(&daemon, &wire, NULL);
    for (int i = TABLES - 1; i >= 0; i--) {
        char name[16];
        snprintf(name, sizeof name, "list.%02d", i);
        Cardinal__V1__Request *request = request_create(name);
        wire_free(call_ok(&wire, request));
        request_free(request);
    }
    Cardinal__V1__Request *request = request_list();
    set_text(&request->list_tables->prefix, "list.");
    request->list_tables->limit = 7;
    while (more) {
        Cardinal__V1__Response *response = call_ok(&wire, request);
        const Cardinal__V1__ListTablesReply *page = response->list_tables;
        ck_assert_uint_le(page->n_tables, 7);
        for (size_t i = 0; i < page->n_tables; i++) {
            char name[16];
            snprintf(name, sizeof name, "list.%02d", (int)seen++);
            ck_assert_str_eq(page->tables[i]->name, name);
            ck_assert_uint_eq(page->tables[i]->precision, 14);
        }
        more = page->next_page_token.len > 0;
        set_bytes(&request->list_tables->page_token, page->next_page_token.data,
                  page->next_page_token.len);
        wire_free(response);
    }
    ck_assert_uint_eq(seen, TABLES);
    request_free(request);
    end(&daemon, &wire);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        pages_hold_no_more_keys_than_the_limit,
        pages_hold_no_more_bytes_than_asked,
        page_has_one_key_where_none_fits,
        no_page_exceeds_the_frame,
        prefix_and_range_select_a_run_of_keys,
        token_of_another_scan_is_refused,
        scan_goes_on_over_deletes,
        tables_are_listed_by_name_page_by_page,
    };
    return RUN_INTEGRATION("pages", tests);
}
