/* Which keys a request means. */
#include <stdint.h>
#include <string.h>

#include "cardinal.pb-c.h"
#include "proto/names.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/wire/decoding.h"
#include "tests/unit/wire/packed.h"

static const struct decode_limits limits = { .max_keys = DECODING_KEYS };
static char long_key[KEY_MAX_BYTES + 2];

static enum status cardinality(struct bytes_view body, struct arena *arena, struct error *err)
{
    struct cardinality_request out;
    return decode_cardinality(body, &limits, arena, &out, err);
}

static enum status union_keys(struct bytes_view body, struct arena *arena, struct error *err)
{
    struct union_request out;
    return decode_union(body, &limits, arena, &out, err);
}

static enum status scan(struct bytes_view body, struct arena *arena, struct error *err)
{
    struct scan_request out;
    return decode_scan(body, &limits, arena, &out, err);
}

static enum status delete_keys(struct bytes_view body, struct arena *arena, struct error *err)
{
    struct delete_request out;
    return decode_delete(body, &limits, arena, &out, err);
}

static Cardinal__V1__Selector selector_all(void)
{
    Cardinal__V1__Selector selector = CARDINAL__V1__SELECTOR__INIT;
    selector.kind_case = CARDINAL__V1__SELECTOR__KIND_ALL;
    selector.all = 1;
    return selector;
}

START_TEST(selector_must_have_a_kind)
{
    Cardinal__V1__Selector selector = CARDINAL__V1__SELECTOR__INIT;
    Cardinal__V1__Union message = CARDINAL__V1__UNION__INIT;
    message.table = "t";
    assert_refused(union_keys, &message, "request without a selector");
    message.selector = &selector;
    assert_refused(union_keys, &message, "selector without a kind");
    selector = selector_all();
    selector.all = 0;
    assert_refused(union_keys, &message, "selector with all = false");
}
END_TEST

START_TEST(keys_of_every_selector_are_bounded)
{
    Cardinal__V1__Selector selector = CARDINAL__V1__SELECTOR__INIT;
    Cardinal__V1__Delete message = CARDINAL__V1__DELETE__INIT;
    Cardinal__V1__KeyRange range = CARDINAL__V1__KEY_RANGE__INIT;
    Cardinal__V1__KeyList list = CARDINAL__V1__KEY_LIST__INIT;
    ProtobufCBinaryData keys[] = { binary("a"), binary(long_key) };
    message.table = "t";
    message.selector = &selector;
    selector.kind_case = CARDINAL__V1__SELECTOR__KIND_PREFIX;
    selector.prefix = binary(long_key);
    assert_refused(delete_keys, &message, "prefix of 1025 bytes, 1024 at most");
    selector.kind_case = CARDINAL__V1__SELECTOR__KIND_RANGE;
    selector.range = &range;
    range.from = binary(long_key);
    assert_refused(delete_keys, &message, "range's first key of 1025 bytes");
    range.from = binary("");
    range.to = binary(long_key);
    assert_refused(delete_keys, &message, "range's last key of 1025 bytes");
    selector.kind_case = CARDINAL__V1__SELECTOR__KIND_LIST;
    selector.list = &list;
    list.keys = keys;
    list.n_keys = 2;
    assert_refused(delete_keys, &message, "key of 1025 bytes");
}
END_TEST

START_TEST(cardinality_takes_a_list_and_scan_takes_none)
{
    Cardinal__V1__Selector all = selector_all();
    Cardinal__V1__Cardinality query = CARDINAL__V1__CARDINALITY__INIT;
    query.table = "t";
    query.selector = &all;
    assert_refused(cardinality, &query, "cardinality takes a list");
    Cardinal__V1__KeyList list = CARDINAL__V1__KEY_LIST__INIT;
    Cardinal__V1__Selector listed = CARDINAL__V1__SELECTOR__INIT;
    Cardinal__V1__Scan message = CARDINAL__V1__SCAN__INIT;
    listed.kind_case = CARDINAL__V1__SELECTOR__KIND_LIST;
    listed.list = &list;
    message.table = "t";
    message.selector = &listed;
    assert_refused(scan, &message, "scan takes a prefix, a range or all");
}
END_TEST

START_TEST(more_keys_than_allowed_are_too_large)
{
    ProtobufCBinaryData keys[5] = { { 0, NULL } };
    Cardinal__V1__KeyList list = CARDINAL__V1__KEY_LIST__INIT;
    Cardinal__V1__Selector selector = CARDINAL__V1__SELECTOR__INIT;
    Cardinal__V1__Cardinality message = CARDINAL__V1__CARDINALITY__INIT;
    selector.kind_case = CARDINAL__V1__SELECTOR__KIND_LIST;
    selector.list = &list;
    message.table = "t";
    message.selector = &selector;
    list.keys = keys;
    list.n_keys = 5;
    struct bytes_view body = pack_message(&message);
    assert_bytes_refused(cardinality, body, ST_TOO_LARGE, "list of 5 keys, 4 at most");
    free_packed(body);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        selector_must_have_a_kind,
        keys_of_every_selector_are_bounded,
        cardinality_takes_a_list_and_scan_takes_none,
        more_keys_than_allowed_are_too_large,
    };
    memset(long_key, 'k', sizeof long_key - 1);
    return RUN_SUITE("decode_selectors", tests);
}
