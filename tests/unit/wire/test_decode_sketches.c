#include <stdint.h>
#include <string.h>

#include "cardinal.pb-c.h"
#include "daemon/wire/decode_sketches.h"
#include "daemon/wire/page_token.h"
#include "daemon/wire/reply.h"
#include "proto/names.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/wire/packed.h"

static const struct decode_limits limits = { .max_keys = 4 };
static char long_key[KEY_MAX_BYTES + 2];
static struct arena arena;

static void setup(void)
{
    memset(long_key, 'k', sizeof long_key - 1);
    arena_init(&arena, 4096, DECODE_ARENA_BYTES(1 << 20, 4));
}

static void teardown(void)
{
    arena_release(&arena);
}

/* decode_<kind>() of a message; the status, with the text in *err. */
#define DECODER(kind)                                                                              \
    static enum status kind##_of(const void *message, struct kind##_request *request,              \
                                 struct error *err)                                                \
    {                                                                                              \
        struct bytes_view packed = pack_message(message);                                          \
        enum status status = decode_##kind(packed, &limits, &arena, request, err);                 \
        free_packed(packed);                                                                       \
        return status;                                                                             \
    }

DECODER(compare)
DECODER(merge)
DECODER(export)
DECODER(import)
DECODER(top)

START_TEST(top_is_bounded)
{
    static const struct {
        uint32_t limit;
        enum status status;
    } cases[] = {
        { 0, ST_INVALID_ARGUMENT }, { 1, ST_OK }, { 10000, ST_OK }, { 10001, ST_INVALID_ARGUMENT }
    };
    Cardinal__V1__Top message = CARDINAL__V1__TOP__INIT;
    Cardinal__V1__Selector all = CARDINAL__V1__SELECTOR__INIT;
    struct top_request request;
    struct error err;
    all.kind_case = CARDINAL__V1__SELECTOR__KIND_ALL;
    all.all = true;
    message.table = (char *)"t";
    message.column = (char *)"c";
    message.limit = 5;
    ck_assert_int_eq(top_of(&message, &request, &err), ST_INVALID_ARGUMENT);
    ck_assert_str_eq(err.text, "request without a selector");
    message.selector = &all;
    for (size_t i = 0; i < 4; i++) {
        message.limit = cases[i].limit;
        ck_assert_int_eq(top_of(&message, &request, &err), cases[i].status);
    }
    ck_assert_str_eq(err.text, "limit 10001 out of range, 1 to 10000");
}
END_TEST

START_TEST(compare_needs_both_selectors)
{
    Cardinal__V1__Compare message = CARDINAL__V1__COMPARE__INIT;
    Cardinal__V1__Selector all = CARDINAL__V1__SELECTOR__INIT;
    struct compare_request request;
    struct error err;
    all.kind_case = CARDINAL__V1__SELECTOR__KIND_ALL;
    all.all = true;
    message.table = (char *)"t";
    message.column = (char *)"c";
    message.a = &all;
    ck_assert_int_eq(compare_of(&message, &request, &err), ST_INVALID_ARGUMENT);
    ck_assert_str_eq(err.text, "request without a selector");
    message.b = &all;
    ck_assert_int_eq(compare_of(&message, &request, &err), ST_OK);
}
END_TEST

START_TEST(names_are_checked)
{
    Cardinal__V1__Export message = CARDINAL__V1__EXPORT__INIT;
    struct export_request request;
    struct error err;
    message.table = (char *)"no table";
    message.column = (char *)"c";
    ck_assert_int_eq(export_of(&message, &request, &err), ST_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.text, "no table"));
    message.table = (char *)"t";
    message.column = (char *)"9";
    ck_assert_int_eq(export_of(&message, &request, &err), ST_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.text, "column name"));
}
END_TEST

START_TEST(key_to_merge_into_is_bounded)
{
    Cardinal__V1__Merge message = CARDINAL__V1__MERGE__INIT;
    Cardinal__V1__Selector all = CARDINAL__V1__SELECTOR__INIT;
    struct merge_request request;
    struct error err;
    all.kind_case = CARDINAL__V1__SELECTOR__KIND_ALL;
    all.all = true;
    message.table = (char *)"t";
    message.from = &all;
    message.into = binary(long_key);
    ck_assert_int_eq(merge_of(&message, &request, &err), ST_INVALID_ARGUMENT);
    message.into.len = KEY_MAX_BYTES;
    ck_assert_int_eq(merge_of(&message, &request, &err), ST_OK);
    ck_assert_uint_eq(request.into.len, KEY_MAX_BYTES);
}
END_TEST

START_TEST(import_counts_its_sketches)
{
    Cardinal__V1__Import message = CARDINAL__V1__IMPORT__INIT;
    Cardinal__V1__KeySketch sketch = CARDINAL__V1__KEY_SKETCH__INIT;
    Cardinal__V1__KeySketch *sketches[] = { &sketch, &sketch, &sketch, &sketch, &sketch };
    struct import_request request;
    struct error err;
    message.table = (char *)"t";
    message.column = (char *)"c";
    message.sketches = sketches;
    ck_assert_int_eq(import_of(&message, &request, &err), ST_INVALID_ARGUMENT);
    ck_assert_str_eq(err.text, "import without sketches");
    message.n_sketches = 4;
    ck_assert_int_eq(import_of(&message, &request, &err), ST_OK);
    ck_assert_uint_eq(request.sketch_count, 4);
    message.n_sketches = 5;
    ck_assert_int_eq(import_of(&message, &request, &err), ST_TOO_LARGE);
}
END_TEST

START_TEST(import_checks_keys_and_ack)
{
    Cardinal__V1__Import message = CARDINAL__V1__IMPORT__INIT;
    Cardinal__V1__KeySketch sketch = CARDINAL__V1__KEY_SKETCH__INIT;
    Cardinal__V1__KeySketch *sketches[] = { &sketch };
    struct import_request request;
    struct error err;
    message.table = (char *)"t";
    message.column = (char *)"c";
    message.sketches = sketches;
    message.n_sketches = 1;
    message.ack = (Cardinal__V1__Ack)77;
    ck_assert_int_eq(import_of(&message, &request, &err), ST_INVALID_ARGUMENT);
    message.ack = CARDINAL__V1__ACK__ACK_MEMORY;
    sketch.key = binary(long_key);
    ck_assert_int_eq(import_of(&message, &request, &err), ST_INVALID_ARGUMENT);
}
END_TEST

START_TEST(export_tokens_belong_to_column_and_list)
{
    const struct bytes_view keys[] = { view_of("a"), view_of("b") };
    struct selector list = { .kind = SELECTOR_LIST, .list = keys, .list_count = 2 };
    struct page_scope scope = page_scope_of_export(1, &list, view_of("c"));
    struct page_scope other_column = page_scope_of_export(1, &list, view_of("d"));
    uint8_t token[PAGE_TOKEN_MAX];
    struct bytes_view last;
    size_t len = page_token_encode(&scope, view_of("a"), token);
    list.list_count = 1;
    struct page_scope other_list = page_scope_of_export(1, &list, view_of("c"));
    const struct bytes_view bytes = { token, len };
    ck_assert_int_eq(page_token_decode(&scope, bytes, &last, NULL), ST_OK);
    ck_assert_view_eq(last, "a");
    ck_assert_int_eq(page_token_decode(&other_column, bytes, &last, NULL), ST_INVALID_ARGUMENT);
    ck_assert_int_eq(page_token_decode(&other_list, bytes, &last, NULL), ST_INVALID_ARGUMENT);
}
END_TEST

START_TEST(exported_page_stays_under_the_cap)
{
    struct outbuf out;
    struct reply_page page;
    uint8_t sketch[300] = { 0 };
    size_t n = 0;
    outbuf_init(&out);
    struct reply_to to = { .out = &out, .id = 5, .max_frame = 1000 };
    ck_assert_int_eq(reply_export_begin(&page, &to, 0, NULL), ST_OK);
    while (reply_export_sketch(&page, view_of("k"), (struct bytes_view){ sketch, 300 }) ==
           PAGE_ADDED)
        n++;
    ck_assert_uint_eq(n, 3);
    reply_page_end(&page, view_of(""));
    ck_assert_uint_le(out.len, 1000 + 4);
    Cardinal__V1__Response *response =
        cardinal__v1__response__unpack(NULL, out.len - 4, out.data + 4);
    ck_assert_ptr_nonnull(response);
    ck_assert_uint_eq(response->export->n_sketches, 3);
    ck_assert_uint_eq(response->export->sketches[2]->sketch.len, 300);
    cardinal__v1__response__free_unpacked(response, NULL);
    outbuf_release(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decode_sketches");
    TCase *tcase = tcase_create("decode_sketches");
    const TTest *const tests[] = {
        top_is_bounded,
        compare_needs_both_selectors,
        names_are_checked,
        key_to_merge_into_is_bounded,
        import_counts_its_sketches,
        import_checks_keys_and_ack,
        export_tokens_belong_to_column_and_list,
        exported_page_stays_under_the_cap,
    };
    tcase_add_checked_fixture(tcase, setup, teardown);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
