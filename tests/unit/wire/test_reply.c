#include <string.h>

#include "cardinal.pb-c.h"
#include "daemon/wire/arena.h"
#include "daemon/wire/page_token.h"
#include "daemon/wire/reply.h"
#include "proto/frame.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/wire/packed.h"

#define MAX_FRAME (1u << 16)

/* The Response in the one frame that the bytes must be. */
static Cardinal__V1__Response *unframe(const uint8_t *bytes, size_t len)
{
    const uint8_t *payload;
    size_t payload_len;
    ck_assert_int_eq(frame_peek(bytes, len, MAX_FRAME, &payload, &payload_len), FRAME_WHOLE);
    ck_assert_uint_eq(FRAME_HEADER_BYTES + payload_len, len);
    Cardinal__V1__Response *response = cardinal__v1__response__unpack(NULL, payload_len, payload);
    ck_assert_ptr_nonnull(response);
    return response;
}

static void free_response(Cardinal__V1__Response *response)
{
    cardinal__v1__response__free_unpacked(response, NULL);
}

/* A buffer, a place to reply to, and what came out. */
struct fixture {
    struct outbuf out;
    struct reply_to to;
    Cardinal__V1__Response *response;
};

static void begin(struct fixture *f, uint64_t id)
{
    outbuf_init(&f->out);
    f->to = (struct reply_to){ .out = &f->out, .id = id, .max_frame = MAX_FRAME };
}

/* The reply went well, has the id, and is the body of that number. */
static void receive(struct fixture *f, enum status status, unsigned body_case)
{
    ck_assert_int_eq(status, ST_OK);
    f->response = unframe(f->out.data, f->out.len);
    ck_assert_uint_eq(f->response->id, f->to.id);
    ck_assert_int_eq(f->response->status, CARDINAL__V1__STATUS__STATUS_OK);
    ck_assert_str_eq(f->response->message, "");
    ck_assert_uint_eq(f->response->body_case, body_case);
}

static void end(struct fixture *f)
{
    free_response(f->response);
    outbuf_release(&f->out);
}

static const struct table_reply_column two_columns[] = { { "alpha", 1 }, { "beta", 900 } };
static const struct table_reply a_table = {
    .id = 77,
    .name = "visits",
    .columns = two_columns,
    .column_count = 2,
    .precision = 14,
    .seed = UINT64_MAX,
    .keys = 5,
    .cells = 6,
    .bytes = 1u << 30,
};

static void assert_a_table(const Cardinal__V1__TableInfo *table)
{
    ck_assert_ptr_nonnull(table);
    ck_assert_uint_eq(table->table_id, 77);
    ck_assert_str_eq(table->name, "visits");
    ck_assert_uint_eq(table->n_columns, 2);
    ck_assert_str_eq(table->columns[1]->name, "beta");
    ck_assert_uint_eq(table->columns[1]->id, 900);
    ck_assert_uint_eq(table->precision, 14);
    ck_assert_int_eq(table->hash, CARDINAL__V1__HASH__HASH_XXH3);
    ck_assert_uint_eq(table->seed, UINT64_MAX);
    ck_assert_uint_eq(table->keys, 5);
    ck_assert_uint_eq(table->cells, 6);
    ck_assert_uint_eq(table->bytes, 1u << 30);
}

START_TEST(hello_carries_the_limits)
{
    struct fixture f;
    struct hello_reply reply = {
        .version = 1,
        .features = UINT64_C(1) << 63,
        .server_version = "0.1.0",
        .max_frame = 16 << 20,
        .max_batch_values = 65536,
        .max_in_flight = 256,
        .max_key = 1024,
    };
    begin(&f, 1);
    receive(&f, reply_hello(&f.to, &reply, NULL), CARDINAL__V1__RESPONSE__BODY_HELLO);
    ck_assert_uint_eq(f.response->hello->version, 1);
    ck_assert_uint_eq(f.response->hello->features, UINT64_C(1) << 63);
    ck_assert_str_eq(f.response->hello->server_version, "0.1.0");
    ck_assert_uint_eq(f.response->hello->max_frame, 16 << 20);
    ck_assert_uint_eq(f.response->hello->max_batch_values, 65536);
    ck_assert_uint_eq(f.response->hello->max_in_flight, 256);
    ck_assert_uint_eq(f.response->hello->max_key, 1024);
    end(&f);
}
END_TEST

START_TEST(tables_are_told_whole)
{
    struct fixture f;
    begin(&f, 2);
    receive(&f, reply_create_table(&f.to, true, &a_table, NULL),
            CARDINAL__V1__RESPONSE__BODY_CREATE_TABLE);
    ck_assert(f.response->create_table->created);
    assert_a_table(f.response->create_table->table);
    end(&f);
    begin(&f, 3);
    receive(&f, reply_alter_table(&f.to, &a_table, NULL), CARDINAL__V1__RESPONSE__BODY_ALTER_TABLE);
    assert_a_table(f.response->alter_table->table);
    end(&f);
    begin(&f, 4);
    receive(&f, reply_describe_table(&f.to, &a_table, UINT64_C(0x0123456789abcdef), NULL),
            CARDINAL__V1__RESPONSE__BODY_DESCRIBE_TABLE);
    assert_a_table(f.response->describe_table->table);
    ck_assert_uint_eq(f.response->describe_table->digest, UINT64_C(0x0123456789abcdef));
    end(&f);
}
END_TEST

START_TEST(small_replies_carry_their_figures)
{
    struct fixture f;
    struct ingest_reply ingest = { .rows = 1, .values = 300, .changes = UINT64_MAX };
    begin(&f, UINT64_MAX);
    receive(&f, reply_ingest(&f.to, &ingest, NULL), CARDINAL__V1__RESPONSE__BODY_INGEST);
    ck_assert_uint_eq(f.response->ingest->rows, 1);
    ck_assert_uint_eq(f.response->ingest->values, 300);
    ck_assert_uint_eq(f.response->ingest->changes, UINT64_MAX);
    end(&f);
    begin(&f, 0);
    receive(&f, reply_ping(&f.to, NULL), CARDINAL__V1__RESPONSE__BODY_PING);
    end(&f);
    begin(&f, 5);
    receive(&f, reply_drop_table(&f.to, true, NULL), CARDINAL__V1__RESPONSE__BODY_DROP_TABLE);
    ck_assert(f.response->drop_table->dropped);
    end(&f);
    begin(&f, 6);
    receive(&f, reply_delete(&f.to, 1000000, NULL), CARDINAL__V1__RESPONSE__BODY_DELETE);
    ck_assert_uint_eq(f.response->delete_->deleted, 1000000);
    end(&f);
}
END_TEST

START_TEST(stats_keep_their_order_and_their_zeros)
{
    struct fixture f;
    struct stat_reply stats[] = { { "b", 2 }, { "a", 0 }, { "c", UINT64_MAX } };
    begin(&f, 7);
    receive(&f, reply_stats(&f.to, "0.1.0", stats, 3, NULL), CARDINAL__V1__RESPONSE__BODY_STATS);
    ck_assert_str_eq(f.response->stats->version, "0.1.0");
    ck_assert_uint_eq(f.response->stats->n_stats, 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_str_eq(f.response->stats->stats[i]->name, stats[i].name);
        ck_assert_uint_eq(f.response->stats->stats[i]->value, stats[i].value);
    }
    end(&f);
}
END_TEST

START_TEST(error_carries_id_code_and_text)
{
    uint8_t bytes[REPLY_ERROR_MAX];
    struct error err;
    error_set(&err, ST_NOT_FOUND, "no table 'x'");
    Cardinal__V1__Response *response = unframe(bytes, reply_error(bytes, 99, &err));
    ck_assert_uint_eq(response->id, 99);
    ck_assert_int_eq(response->status, CARDINAL__V1__STATUS__STATUS_NOT_FOUND);
    ck_assert_str_eq(response->message, "no table 'x'");
    ck_assert_uint_eq(response->body_case, 0);
    free_response(response);
}
END_TEST

START_TEST(longest_error_fits)
{
    uint8_t bytes[REPLY_ERROR_MAX];
    struct error err = { .code = ST_INTERNAL };
    memset(err.text, 'x', sizeof err.text);
    Cardinal__V1__Response *response = unframe(bytes, reply_error(bytes, UINT64_MAX, &err));
    ck_assert_uint_eq(response->id, UINT64_MAX);
    ck_assert_uint_eq(strlen(response->message), sizeof err.text);
    free_response(response);
}
END_TEST

START_TEST(error_text_is_made_utf8)
{
    uint8_t bytes[REPLY_ERROR_MAX];
    struct error err;
    error_set(&err, ST_INTERNAL, "caf\xc3\xa9 \xff cut \xe2\x82");
    Cardinal__V1__Response *response = unframe(bytes, reply_error(bytes, 0, &err));
    ck_assert_str_eq(response->message, "caf\xc3\xa9 ? cut ??");
    free_response(response);
}
END_TEST

static const char *const ab_names[] = { "a", "b" };
static const struct reply_columns ab = { ab_names, 2 };
static const struct estimate four[] = {
    { 1.0, 0.0 }, { 2.5, 0.25 }, { 1e9, 0.0065 }, { 0.0, 0.0 }
};

static void assert_estimates(const Cardinal__V1__KeyEstimates *key, const struct estimate *expected)
{
    ck_assert_uint_eq(key->n_estimates, 2);
    ck_assert_uint_eq(key->n_rse, 2);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_double_eq(key->estimates[i], expected[i].value);
        ck_assert_float_eq(key->rse[i], (float)expected[i].rse);
    }
}

START_TEST(cardinality_has_the_size_foretold)
{
    struct fixture f;
    const bool found[] = { true, false };
    begin(&f, 8);
    receive(&f, reply_cardinality(&f.to, &ab, four, found, 2, NULL),
            CARDINAL__V1__RESPONSE__BODY_CARDINALITY);
    ck_assert_uint_eq(f.out.len, FRAME_HEADER_BYTES + reply_cardinality_size(8, &ab, 2, 1));
    const Cardinal__V1__CardinalityReply *reply = f.response->cardinality;
    ck_assert_uint_eq(reply->n_columns, 2);
    ck_assert_str_eq(reply->columns[0], "a");
    ck_assert_uint_eq(reply->n_keys, 2);
    ck_assert(reply->keys[0]->found);
    ck_assert(!reply->keys[1]->found);
    assert_estimates(reply->keys[0], four);
    assert_estimates(reply->keys[1], four + 2);
    end(&f);
}
END_TEST

START_TEST(points_are_answered_as_a_list_of_one_is)
{
    static const uint64_t ids[] = { 0, 1, 127, 128, 300000, UINT64_MAX };
    struct point_reply points;
    struct arena arena;
    uint8_t bytes[256];
    arena_init(&arena, 1024, 1024);
    ck_assert_int_eq(point_reply_init(&points, &ab, &arena, NULL), ST_OK);
    ck_assert_uint_le(point_reply_max(&points), sizeof bytes);
    for (size_t i = 0; i < 2 * sizeof ids / sizeof ids[0]; i++) {
        struct fixture f;
        const bool found = i % 2 == 1;
        begin(&f, ids[i / 2]);
        receive(&f, reply_cardinality(&f.to, &ab, four, &found, 1, NULL),
                CARDINAL__V1__RESPONSE__BODY_CARDINALITY);
        size_t len = (size_t)(point_reply_put(&points, bytes, ids[i / 2], found, four) - bytes);
        ck_assert_uint_eq(len, f.out.len);
        ck_assert_mem_eq(bytes, f.out.data, len);
        ck_assert_uint_le(len, point_reply_max(&points));
        end(&f);
    }
    arena_release(&arena);
}
END_TEST

START_TEST(points_need_memory_for_their_columns)
{
    struct point_reply points;
    struct arena arena;
    struct error err;
    arena_init(&arena, 1024, 1024);
    failing_alloc_arm(0);
    ck_assert_int_eq(point_reply_init(&points, &ab, &arena, &err), ST_RESOURCE_EXHAUSTED);
    ck_assert(failing_alloc_disarm());
    arena_release(&arena);
}
END_TEST

START_TEST(sizes_are_foretold_for_every_count)
{
    static const struct estimate zeros[600 * 2];
    static const bool found[600];
    for (size_t n = 0; n <= 600; n += n < 8 ? 1 : 37) {
        struct fixture f;
        begin(&f, n);
        receive(&f, reply_cardinality(&f.to, &ab, zeros, found, n, NULL),
                CARDINAL__V1__RESPONSE__BODY_CARDINALITY);
        ck_assert_uint_eq(f.out.len, FRAME_HEADER_BYTES + reply_cardinality_size(n, &ab, n, 0));
        ck_assert_uint_eq(f.response->cardinality->n_keys, n);
        end(&f);
    }
}
END_TEST

START_TEST(union_carries_keys_and_estimates)
{
    struct fixture f;
    begin(&f, 9);
    receive(&f, reply_union(&f.to, 60010, &ab, four + 1, NULL), CARDINAL__V1__RESPONSE__BODY_UNION);
    ck_assert_uint_eq(f.response->union_->keys, 60010);
    ck_assert_str_eq(f.response->union_->columns[1], "b");
    ck_assert_double_eq(f.response->union_->estimates[0], 2.5);
    ck_assert_double_eq(f.response->union_->estimates[1], 1e9);
    ck_assert_float_eq(f.response->union_->rse[1], 0.0065f);
    end(&f);
}
END_TEST

START_TEST(answer_over_the_cap_is_refused_and_leaves_no_trace)
{
    struct fixture f;
    struct error err;
    static const struct estimate zeros[600 * 2];
    static const bool found[600];
    begin(&f, 10);
    ck_assert_int_eq(reply_ping(&f.to, NULL), ST_OK);
    size_t before = f.out.len;
    f.to.max_frame = reply_cardinality_size(10, &ab, 600, 0) - 1;
    ck_assert_int_eq(reply_cardinality(&f.to, &ab, zeros, found, 600, &err), ST_TOO_LARGE);
    ck_assert_msg(strstr(err.text, "answer of more than") != NULL, "%s", err.text);
    ck_assert_uint_eq(f.out.len, before);
    f.to.max_frame++;
    ck_assert_int_eq(reply_cardinality(&f.to, &ab, zeros, found, 600, &err), ST_OK);
    outbuf_release(&f.out);
}
END_TEST

START_TEST(failing_allocations_leave_no_trace)
{
    static const struct estimate zeros[600 * 2];
    static const bool found[600];
    bool failed = true;
    for (long n = 0; failed; n++) {
        struct fixture f;
        begin(&f, 11);
        failing_alloc_arm(n);
        enum status st = reply_cardinality(&f.to, &ab, zeros, found, 600, NULL);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(st, failed ? ST_RESOURCE_EXHAUSTED : ST_OK);
        if (failed)
            ck_assert_uint_eq(f.out.len, 0);
        outbuf_release(&f.out);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        hello_carries_the_limits,
        tables_are_told_whole,
        small_replies_carry_their_figures,
        stats_keep_their_order_and_their_zeros,
        error_carries_id_code_and_text,
        longest_error_fits,
        error_text_is_made_utf8,
        cardinality_has_the_size_foretold,
        points_are_answered_as_a_list_of_one_is,
        points_need_memory_for_their_columns,
        sizes_are_foretold_for_every_count,
        union_carries_keys_and_estimates,
        answer_over_the_cap_is_refused_and_leaves_no_trace,
        failing_allocations_leave_no_trace,
    };
    return RUN_SUITE("reply", tests);
}
