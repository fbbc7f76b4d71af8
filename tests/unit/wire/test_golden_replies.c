/* Replies as bytes that must not change: made once, by another implementation
 * (Python's protobuf), with every field set. */
#include "daemon/wire/reply.h"
#include "proto/frame.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/wire/hex.h"
#include "tests/unit/wire/packed.h"

static const struct table_reply_column columns[] = { { "users", 1 }, { "pages", 300 } };
static const struct table_reply table = {
    .id = 77,
    .name = "visits",
    .columns = columns,
    .column_count = 2,
    .precision = 14,
    .hash = HASH_KIND_MURMUR64A,
    .seed = 9,
    .keys = 5,
    .cells = 6,
    .bytes = 4096,
};
static const char *const names[] = { "users" };
static const struct reply_columns users = { names, 1 };
static const struct estimate estimates[] = { { 2.0, 0.25 }, { 0.0, 0.0 } };

static struct outbuf out;

static struct reply_to to_id(uint64_t id)
{
    outbuf_init(&out);
    return (struct reply_to){ .out = &out, .id = id, .max_frame = 1000 };
}

/* What is in the buffer is one frame with this payload; empties it. */
static void assert_payload(enum status status, const char *hex)
{
    uint8_t expected[512];
    const uint8_t *payload;
    size_t payload_len;
    size_t len = hex_decode(hex, expected, sizeof expected);
    ck_assert_int_eq(status, ST_OK);
    ck_assert_int_eq(frame_peek(out.data, out.len, 1000, &payload, &payload_len), FRAME_WHOLE);
    ck_assert_uint_eq(payload_len, len);
    ck_assert_mem_eq(payload, expected, len);
    outbuf_release(&out);
}

START_TEST(hello_and_ping_keep_their_bytes)
{
    const struct hello_reply hello = {
        .version = 1,
        .features = 4,
        .server_version = "0.1.0",
        .max_frame = 16777216,
        .max_batch_values = 65536,
        .max_in_flight = 256,
        .max_key = 1024,
    };
    struct reply_to to = to_id(1);
    assert_payload(reply_hello(&to, &hello, NULL),
                   "0801521a080110041a05302e312e30208080800828808004308002388008");
    to = to_id(2);
    assert_payload(reply_ping(&to, NULL), "08025a00");
}
END_TEST

START_TEST(tables_keep_their_bytes)
{
    struct reply_to to = to_id(3);
    assert_payload(reply_create_table(&to, true, &table, NULL),
                   "080362320801122e084d12067669736974731a090a05757365727310011a0a0a"
                   "05706167657310ac02200e2801300938054006488020");
    to = to_id(4);
    assert_payload(reply_alter_table(&to, &table, NULL),
                   "08046a300a2e084d12067669736974731a090a05757365727310011a0a0a0570"
                   "6167657310ac02200e2801300938054006488020");
    to = to_id(5);
    assert_payload(reply_drop_table(&to, true, NULL), "080572020801");
    to = to_id(7);
    assert_payload(reply_describe_table(&to, &table, UINT64_C(0x0123456789abcdef), NULL),
                   "08078201390a2e084d12067669736974731a090a05757365727310011a0a0a05"
                   "706167657310ac02200e280130093805400648802011efcdab8967452301");
}
END_TEST

START_TEST(list_of_tables_keeps_its_bytes)
{
    struct reply_page page;
    struct reply_to to = to_id(6);
    enum status st = reply_list_tables_begin(&page, &to, NULL);
    ck_assert_int_eq(reply_list_tables_table(&page, &table), PAGE_ADDED);
    reply_page_end(&page, view_of("abc"));
    assert_payload(st, "08067a350a2e084d12067669736974731a090a05757365727310011a0a0a0570"
                       "6167657310ac02200e28013009380540064880201203616263");
}
END_TEST

START_TEST(writes_keep_their_bytes)
{
    const struct ingest_reply ingest = { .rows = 1, .values = 5, .changes = 300 };
    struct reply_to to = to_id(8);
    assert_payload(reply_ingest(&to, &ingest, NULL), "08088a01070801100518ac02");
    to = to_id(12);
    assert_payload(reply_delete(&to, 300, NULL), "080caa010308ac02");
}
END_TEST

START_TEST(estimates_keep_their_bytes)
{
    const bool found[] = { true, false };
    struct reply_to to = to_id(9);
    assert_payload(reply_cardinality(&to, &users, estimates, found, 2, NULL),
                   "080992012d0a057573657273121210011a08000000000000004022040000803e"
                   "12101a080000000000000000220400000000");
    to = to_id(10);
    assert_payload(reply_union(&to, 2, &users, estimates, NULL),
                   "080a9a01190802120575736572731a08000000000000004022040000803e");
}
END_TEST

START_TEST(scan_keeps_its_bytes)
{
    struct reply_page page;
    struct reply_to to = to_id(11);
    enum status st = reply_scan_begin(&page, &to, &users, 0, NULL);
    ck_assert_int_eq(reply_scan_key(&page, view_of("k1"), estimates), PAGE_ADDED);
    reply_page_end(&page, view_of("xyz"));
    assert_payload(st, "080ba201240a05757365727312160a026b3110011a0800000000000000402204"
                       "0000803e1a0378797a");
}
END_TEST

START_TEST(top_keeps_its_bytes)
{
    struct reply_page page;
    struct reply_to to = to_id(12);
    enum status st = reply_top_begin(&page, &to, &users, NULL);
    ck_assert_int_eq(reply_scan_key(&page, view_of("k1"), estimates), PAGE_ADDED);
    reply_page_end(&page, view_of(""));
    assert_payload(st, "080cda011f0a05757365727312160a026b3110011a0800000000000000402204"
                       "0000803e");
}
END_TEST

START_TEST(comparison_keeps_its_bytes)
{
    const struct compare_reply reply = {
        .keys_a = 2,
        .keys_b = 300,
        .a = { 1, 0 },
        .b = { 2, 0.5 },
        .both = { 3, 1 },
        .common = { 4, 1.5 },
        .jaccard = { 5, 2 },
        .only_a = { 6, 2.5 },
        .only_b = { 7, 3 },
        .below_noise = true,
        .tokens = true,
    };
    struct reply_to to = to_id(1);
    assert_payload(
        reply_compare(&to, &reply, NULL),
        "0801ba018c01080210ac021a0909000000000000f03f221209000000000000004011000000000000e03f2a12"
        "09000000000000084011000000000000f03f321209000000000000104011000000000000f83f3a1209000000"
        "000000144011000000000000004042120900000000000018401100000000000004404a120900000000000"
        "01c4011000000000000084050015801");
}
END_TEST

START_TEST(merge_and_import_keep_their_bytes)
{
    struct reply_to to = to_id(2);
    assert_payload(reply_merge(&to, 5, 3, NULL), "0802c2010408051003");
    to = to_id(3);
    assert_payload(reply_import(&to, 2, 1, NULL), "0803d2010408021001");
}
END_TEST

START_TEST(export_keeps_its_bytes)
{
    struct reply_page page;
    struct reply_to to = to_id(4);
    enum status st = reply_export_begin(&page, &to, 0, NULL);
    ck_assert_int_eq(reply_export_sketch(&page, view_of("k1"), view_of("HYLL")), PAGE_ADDED);
    ck_assert_int_eq(
        reply_export_sketch(&page, view_of(""), (struct bytes_view){ (const uint8_t *)"", 1 }),
        PAGE_ADDED);
    reply_page_end(&page, view_of("tok"));
    assert_payload(st, "0804ca01160a0a0a026b31120448594c4c0a031201001203746f6b");
}
END_TEST

START_TEST(stats_keep_their_bytes)
{
    const struct stat_reply stats[] = { { "keys", 5 }, { "tables", 0 } };
    struct reply_to to = to_id(13);
    assert_payload(reply_stats(&to, "0.1.0", stats, 2, NULL),
                   "080db2011b0a05302e312e3012080a046b657973100512080a067461626c6573");
}
END_TEST

START_TEST(checkpoint_keeps_its_bytes)
{
    const struct checkpoint_reply reply = { 7, 2, 300, 4096 };
    struct reply_to to = to_id(5);
    assert_payload(reply_checkpoint(&to, &reply, NULL), "0805e2010a0807100218ac02208020");
}
END_TEST

START_TEST(backup_keeps_its_bytes)
{
    const struct checkpoint_reply reply = { 7, 2, 300, 4096 };
    struct reply_to to = to_id(5);
    assert_payload(reply_backup(&to, &reply, NULL), "0805ea010a0807100218ac02208020");
}
END_TEST

START_TEST(error_keeps_its_bytes)
{
    uint8_t expected[64];
    uint8_t bytes[REPLY_ERROR_MAX];
    struct error err;
    size_t len =
        hex_decode("00000012 080e10051a0c6e6f207461626c6520277827", expected, sizeof expected);
    error_set(&err, ST_NOT_FOUND, "no table 'x'");
    ck_assert_uint_eq(reply_error(bytes, 14, &err), len);
    ck_assert_mem_eq(bytes, expected, len);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        hello_and_ping_keep_their_bytes, tables_keep_their_bytes,
        list_of_tables_keeps_its_bytes,  writes_keep_their_bytes,
        estimates_keep_their_bytes,      scan_keeps_its_bytes,
        stats_keep_their_bytes,          error_keeps_its_bytes,
        comparison_keeps_its_bytes,      merge_and_import_keep_their_bytes,
        export_keeps_its_bytes,          top_keeps_its_bytes,
        checkpoint_keeps_its_bytes,      backup_keeps_its_bytes,
    };
    return RUN_SUITE("golden_replies", tests);
}
