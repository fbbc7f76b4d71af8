#include <string.h>

#include "daemon/wire/page_token.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/wire/packed.h"

static const struct selector everything = { .kind = SELECTOR_ALL };

static size_t make_token(uint8_t out[PAGE_TOKEN_MAX], const char *last)
{
    struct page_scope scope = page_scope_of_scan(7, &everything);
    return page_token_encode(&scope, view_of(last), out);
}

static void assert_refused(const struct page_scope *scope, const uint8_t *token, size_t len)
{
    struct bytes_view last;
    struct error err;
    ck_assert_int_eq(page_token_decode(scope, (struct bytes_view){ token, len }, &last, &err),
                     ST_INVALID_ARGUMENT);
    ck_assert_str_eq(err.text, "malformed page token");
}

START_TEST(token_gives_the_last_key_back)
{
    uint8_t token[PAGE_TOKEN_MAX];
    uint8_t longest[KEY_MAX_BYTES];
    memset(longest, 0xff, sizeof longest);
    struct bytes_view keys[] = { { longest, 0 }, { longest, 1 }, { longest, sizeof longest } };
    struct page_scope scope = page_scope_of_scan(UINT64_MAX, &everything);
    for (size_t i = 0; i < 3; i++) {
        struct bytes_view last = { NULL, 1 };
        size_t len = page_token_encode(&scope, keys[i], token);
        ck_assert_uint_eq(len, PAGE_TOKEN_MIN + keys[i].len);
        ck_assert_int_eq(page_token_decode(&scope, (struct bytes_view){ token, len }, &last, NULL),
                         ST_OK);
        ck_assert_uint_eq(last.len, keys[i].len);
        ck_assert_mem_eq(last.data, longest, last.len);
    }
}
END_TEST

START_TEST(every_changed_bit_is_seen)
{
    uint8_t token[PAGE_TOKEN_MAX];
    struct page_scope scope = page_scope_of_scan(7, &everything);
    size_t len = make_token(token, "k17");
    for (size_t bit = 0; bit < 8 * len; bit++) {
        token[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_refused(&scope, token, len);
        token[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}
END_TEST

START_TEST(cut_or_longer_token_is_refused)
{
    uint8_t token[PAGE_TOKEN_MAX + 1] = { 0 };
    struct page_scope scope = page_scope_of_scan(7, &everything);
    size_t len = make_token(token, "k17");
    for (size_t cut = 0; cut < len; cut++)
        assert_refused(&scope, token, cut);
    assert_refused(&scope, token, len + 1);
    assert_refused(&scope, token, PAGE_TOKEN_MAX + 1);
}
END_TEST

START_TEST(token_of_another_request_is_refused)
{
    uint8_t token[PAGE_TOKEN_MAX];
    size_t len = make_token(token, "k17");
    struct selector prefix = { .kind = SELECTOR_PREFIX, .prefix = view_of("ab") };
    struct selector range = { .kind = SELECTOR_RANGE, .from = view_of("a"), .to = view_of("b") };
    struct page_scope scopes[] = {
        page_scope_of_scan(8, &everything),
        page_scope_of_scan(7, &prefix),
        page_scope_of_scan(7, &range),
        page_scope_of_tables(view_of("")),
    };
    for (size_t i = 0; i < sizeof scopes / sizeof scopes[0]; i++)
        assert_refused(&scopes[i], token, len);
}
END_TEST

START_TEST(selectors_have_fingerprints_of_their_own)
{
    struct selector selectors[] = {
        { .kind = SELECTOR_ALL },
        { .kind = SELECTOR_PREFIX, .prefix = view_of("") },
        { .kind = SELECTOR_PREFIX, .prefix = view_of("ab") },
        { .kind = SELECTOR_RANGE, .from = view_of(""), .to = view_of("") },
        { .kind = SELECTOR_RANGE, .from = view_of("ab"), .to = view_of("") },
        { .kind = SELECTOR_RANGE, .from = view_of(""), .to = view_of("ab") },
        { .kind = SELECTOR_RANGE, .from = view_of("a"), .to = view_of("b") },
        { .kind = SELECTOR_RANGE, .from = view_of("b"), .to = view_of("a") },
    };
    size_t n = sizeof selectors / sizeof selectors[0];
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++)
            ck_assert_uint_ne(page_scope_of_scan(1, &selectors[i]).fingerprint,
                              page_scope_of_scan(1, &selectors[j]).fingerprint);
    }
    ck_assert_uint_ne(page_scope_of_tables(view_of("a")).fingerprint,
                      page_scope_of_tables(view_of("b")).fingerprint);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        token_gives_the_last_key_back,
        every_changed_bit_is_seen,
        cut_or_longer_token_is_refused,
        token_of_another_request_is_refused,
        selectors_have_fingerprints_of_their_own,
    };
    return RUN_SUITE("page_token", tests);
}
