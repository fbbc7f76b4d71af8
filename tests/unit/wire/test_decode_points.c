/* What is decoded in place means what protobuf-c makes of the same bytes. */
#include "daemon/wire/decode_points.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cardinal.pb-c.h"
#include "proto/names.h"
#include "tests/unit/run_suite.h"

#define MESSAGES 40000u
#define SEED UINT64_C(20260102)
#define BODY_MAX 512u

static const struct decode_limits limits = { .max_keys = 6 };

static uint32_t roll(uint64_t *state, uint32_t sides)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33) % sides;
}

static char *random_name(uint64_t *state)
{
    static const char *const names[] = { "t", "requests", "a.b-c_9", "", "9", "two words" };

    return strdup(names[roll(state, 20) < 17 ? roll(state, 3) : roll(state, 6)]);
}

static void fill_list(uint64_t *state, Cardinal__V1__KeyList *list)
{
    list->n_keys = roll(state, 9);
    list->keys = calloc(list->n_keys + 1, sizeof *list->keys);
    for (size_t i = 0; i < list->n_keys; i++) {
        list->keys[i].len = roll(state, 20);
        list->keys[i].data = calloc(1, list->keys[i].len + 1);
        memset(list->keys[i].data, (int)roll(state, 256), list->keys[i].len);
    }
}

/* A message of valid form, of which some bytes are then changed at times. */
static size_t random_body(uint64_t *state, uint8_t body[BODY_MAX])
{
    Cardinal__V1__Cardinality *message = malloc(sizeof *message);
    Cardinal__V1__Selector *selector = malloc(sizeof *selector);
    Cardinal__V1__KeyList *list = malloc(sizeof *list);

    cardinal__v1__cardinality__init(message);
    cardinal__v1__selector__init(selector);
    cardinal__v1__key_list__init(list);
    message->table = random_name(state);
    message->n_columns = roll(state, 4);
    message->columns = calloc(message->n_columns + 1, sizeof *message->columns);
    for (size_t i = 0; i < message->n_columns; i++)
        message->columns[i] = random_name(state);
    fill_list(state, list);
    selector->kind_case = CARDINAL__V1__SELECTOR__KIND_LIST;
    selector->list = list;
    message->selector = selector;
    size_t len = cardinal__v1__cardinality__pack(message, body);
    cardinal__v1__cardinality__free_unpacked(message, NULL);
    for (uint32_t i = roll(state, 4); i > 1 && len > 0; i--)
        body[roll(state, (uint32_t)len)] = (uint8_t)roll(state, 256);
    return len;
}

static bool is_same(struct bytes_view view, const void *data, size_t len)
{
    return view.len == len && (len == 0 || memcmp(view.data, data, len) == 0);
}

/* NULL where protobuf-c reads the same, else what differs. */
static const char *difference(const struct cardinality_request *request, struct bytes_view body)
{
    Cardinal__V1__Cardinality *message =
        cardinal__v1__cardinality__unpack(NULL, body.len, body.data);
    const char *what = NULL;

    if (message == NULL)
        return "protobuf-c refuses it";
    const Cardinal__V1__Selector *selector = message->selector;
    if (!is_same(request->table, message->table, strlen(message->table)))
        what = "the table";
    if (request->column_count != message->n_columns)
        what = "the number of columns";
    for (size_t i = 0; what == NULL && i < message->n_columns; i++) {
        if (!is_same(request->columns[i], message->columns[i], strlen(message->columns[i])))
            what = "a column";
    }
    if (selector == NULL || selector->kind_case != CARDINAL__V1__SELECTOR__KIND_LIST ||
        selector->list->n_keys != request->key_count)
        what = "the list";
    for (size_t i = 0; what == NULL && i < request->key_count; i++) {
        const ProtobufCBinaryData *key = &selector->list->keys[i];
        if (!is_same(request->keys[i], key->data, key->len))
            what = "a key";
    }
    cardinal__v1__cardinality__free_unpacked(message, NULL);
    return what;
}

/* Judges the bytes in memory of their exact size; whether they were taken. */
static bool judge(const uint8_t *bytes, size_t len, struct arena *arena)
{
    uint8_t *copy = malloc(len + (len == 0));
    struct cardinality_request points;
    struct cardinality_request whole;
    struct error err;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, len);
    struct bytes_view body = { copy, len };
    bool taken = decode_points(body, &limits, arena, &points);
    if (taken) {
        struct bytes_view key;
        const char *what = difference(&points, body);
        ck_assert_int_eq(point_key(body, point_prefix(body), &key), points.key_count == 1);
        if (points.key_count == 1)
            ck_assert(is_same(key, points.keys[0].data, points.keys[0].len));
        ck_assert_msg(what == NULL, "seed %" PRIu64 ": %s", SEED, what);
        ck_assert_int_eq(decode_cardinality(body, &limits, arena, &whole, &err), ST_OK);
        ck_assert_uint_eq(whole.key_count, points.key_count);
    }
    arena_reset(arena);
    free(copy);
    return taken;
}

START_TEST(points_mean_what_protobuf_c_says)
{
    uint64_t state = SEED;
    uint8_t body[BODY_MAX];
    uint32_t taken = 0;
    struct arena arena;

    arena_init(&arena, 4096, 1u << 20);
    for (uint32_t i = 0; i < MESSAGES; i++)
        taken += judge(body, random_body(&state, body), &arena);
    ck_assert_uint_gt(taken, MESSAGES / 10);
    ck_assert_uint_lt(taken, MESSAGES - MESSAGES / 10);
    arena_release(&arena);
}
END_TEST

START_TEST(points_cut_short_are_left_to_protobuf_c)
{
    static const uint8_t body[] = { 0x0a, 1, 't', 0x12, 1, 'c', 0x1a, 5, 0x0a, 3, 0x0a, 1, 'k' };
    struct arena arena;

    arena_init(&arena, 4096, 1u << 20);
    ck_assert(judge(body, sizeof body, &arena));
    for (size_t len = 0; len < sizeof body; len++)
        ck_assert(!judge(body, len, &arena));
    arena_release(&arena);
}
END_TEST

START_TEST(points_of_a_prefix_have_a_key_of_their_own)
{
    static const uint8_t first[] = { 0x0a, 1, 't', 0x12, 1, 'c', 0x1a, 5, 0x0a, 3, 0x0a, 1, 'k' };
    static const uint8_t empty_key[] = { 0x0a, 1, 't', 0x12, 1, 'c', 0x1a, 4, 0x0a, 2, 0x0a, 0 };
    static const uint8_t others[][15] = {
        { 0x0a, 1, 'u', 0x12, 1, 'c', 0x1a, 5, 0x0a, 3, 0x0a, 1, 'k' },          /* table */
        { 0x0a, 1, 't', 0x12, 1, 'd', 0x1a, 5, 0x0a, 3, 0x0a, 1, 'k' },          /* column */
        { 0x0a, 1, 't', 0x12, 1, 'c', 0x12, 1, 'd', 0x1a, 4, 0x0a, 2, 0x0a, 0 }, /* one more */
        { 0x0a, 1, 't', 0x12, 1, 'c', 0x1a, 7, 0x0a, 5, 0x0a, 1, 'k', 0x0a, 0 }, /* two keys */
        { 0x0a, 1, 't', 0x12, 1, 'c', 0x1a, 5, 0x12, 3, 0x0a, 1, 'k' },          /* a prefix */
    };
    const struct bytes_view prefix = point_prefix((struct bytes_view){ first, sizeof first });
    struct bytes_view key;

    ck_assert_uint_eq(prefix.len, 6);
    ck_assert(point_key((struct bytes_view){ empty_key, sizeof empty_key }, prefix, &key));
    ck_assert_uint_eq(key.len, 0);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        size_t len = i == 2 || i == 3 ? 15 : 13;
        ck_assert(!point_key((struct bytes_view){ others[i], len }, prefix, &key));
    }
    for (size_t len = 0; len < sizeof first; len++)
        ck_assert(!point_key((struct bytes_view){ first, len }, prefix, &key));
}
END_TEST

START_TEST(points_of_a_prefix_have_keys_of_bounded_length)
{
    uint8_t body[KEY_MAX_BYTES + 64] = { 0x0a, 1, 't' };
    const struct bytes_view prefix = { body, 3 };
    struct bytes_view key;

    for (unsigned over = 0; over < 2; over++) {
        unsigned len = KEY_MAX_BYTES + over; /* all lengths take two bytes */
        const unsigned lens[] = { len + 6, len + 3, len };
        const uint8_t tags[] = { 0x1a, 0x0a, 0x0a };
        uint8_t *at = body + prefix.len;
        for (unsigned i = 0; i < 3; i++) {
            *at++ = tags[i];
            *at++ = (uint8_t)(lens[i] | 0x80);
            *at++ = (uint8_t)(lens[i] >> 7);
        }
        const struct bytes_view whole = { body, prefix.len + 9 + len };
        ck_assert_int_eq(point_key(whole, prefix, &key), over == 0);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        points_mean_what_protobuf_c_says,
        points_cut_short_are_left_to_protobuf_c,
        points_of_a_prefix_have_a_key_of_their_own,
        points_of_a_prefix_have_keys_of_bounded_length,
    };

    return RUN_SUITE("decode_points", tests);
}
