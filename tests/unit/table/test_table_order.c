#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/table/order.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/table/fixture.h"

#define KEYS 20000u

/* Rows without cells, by number, and whether the order has them. */
struct keys {
    struct pool pool;
    struct order order;
    uint32_t refs[KEYS];
    bool held[KEYS];
    uint32_t sorted[KEYS]; /* numbers by key */
    uint32_t place[KEYS];  /* of a number in sorted */
};

static struct keys *sorting;

static struct bytes_view key_of(const struct keys *keys, uint32_t i)
{
    return row_key(pool_at(&keys->pool, keys->refs[i]));
}

static int compare_numbers(const void *a, const void *b)
{
    return key_compare(key_of(sorting, *(const uint32_t *)a),
                       key_of(sorting, *(const uint32_t *)b));
}

static uint32_t add_row(struct keys *keys, struct bytes_view key)
{
    static const struct row_layout layout = { .width = 0 };
    uint32_t ref = pool_alloc(&keys->pool, row_layout_bytes(&layout, key.len));
    ck_assert_uint_ne(ref, 0);
    row_init(pool_at(&keys->pool, ref), &layout, key);
    return ref;
}

typedef int make_key(char *out, uint32_t i);

static struct keys *keys_new(make_key *make)
{
    struct keys *keys = calloc(1, sizeof *keys);
    ck_assert_ptr_nonnull(keys);
    pool_init(&keys->pool);
    order_init(&keys->order);
    for (uint32_t i = 0; i < KEYS; i++) {
        char text[128];
        int len = make(text, i);
        keys->refs[i] = add_row(keys, (struct bytes_view){ (const uint8_t *)text, (size_t)len });
        keys->sorted[i] = i;
    }
    sorting = keys;
    qsort(keys->sorted, KEYS, sizeof keys->sorted[0], compare_numbers);
    for (uint32_t i = 0; i < KEYS; i++)
        keys->place[keys->sorted[i]] = i;
    return keys;
}

static void keys_free(struct keys *keys)
{
    order_release(&keys->order);
    pool_release(&keys->pool);
    free(keys);
}

static int plain_key(char *out, uint32_t i)
{
    return sprintf(out, "%u", i);
}

static int long_key(char *out, uint32_t i)
{
    return sprintf(out, "%s:customer:0000000000000000:%08u", i % 3 == 0 ? "tenant" : "tenants",
                   i * 2654435761u);
}

/* Zeros only, and bytes 0 and 255: what a cached prefix cannot tell apart. */
static int binary_key(char *out, uint32_t i)
{
    if (i < 100) {
        memset(out, 0, i);
        return (int)i;
    }
    for (int b = 0; b < 16; b++)
        out[b] = (char)((i >> b & 1) != 0 ? 0xff : 0);
    return 16 + sprintf(out + 16, "%u", i);
}

static make_key *const makers[] = { plain_key, long_key, binary_key };
#define MAKERS (int)(sizeof makers / sizeof makers[0])

/* The order holds what it should, in order, and its leaves are sound. */
static void check_order(const struct keys *keys)
{
    struct order_place place = { 0, 0 };
    for (uint32_t i = 0; i < KEYS; i++) {
        if (!keys->held[keys->sorted[i]])
            continue;
        ck_assert_uint_eq(order_next(&keys->order, &place), keys->refs[keys->sorted[i]]);
    }
    ck_assert_uint_eq(order_next(&keys->order, &place), 0);
    for (uint32_t i = 0; i < keys->order.count; i++) {
        ck_assert_uint_ge(keys->order.leaves[i]->count, 1);
        ck_assert_uint_eq(keys->order.heads[i].ref, keys->order.leaves[i]->entries[0].ref);
    }
}

/* The first held number at or after a place in sorted, or KEYS. */
static uint32_t next_held(const struct keys *keys, uint32_t at)
{
    while (at < KEYS && !keys->held[keys->sorted[at]])
        at++;
    return at;
}

static void check_seek(const struct keys *keys, uint32_t i)
{
    for (int beyond = 0; beyond < 2; beyond++) {
        struct order_place place =
            order_seek(&keys->order, &keys->pool, key_of(keys, i), beyond != 0);
        uint32_t at = next_held(keys, keys->place[i] + (uint32_t)beyond);
        uint32_t expected = at == KEYS ? 0 : keys->refs[keys->sorted[at]];
        ck_assert_uint_eq(order_next(&keys->order, &place), expected);
    }
}

static void insert(struct keys *keys, uint32_t i)
{
    ck_assert(order_insert(&keys->order, &keys->pool, keys->refs[i]));
    keys->held[i] = true;
}

START_TEST(order_sorts_ascending_descending_and_mixed_arrivals)
{
    for (int maker = 0; maker < MAKERS; maker++) {
        for (int way = 0; way < 3; way++) {
            struct keys *keys = keys_new(makers[maker]);
            for (uint32_t i = 0; i < KEYS; i++) {
                uint32_t mixed = (uint32_t)((uint64_t)i * 7919 % KEYS);
                uint32_t at = way == 0 ? i : way == 1 ? KEYS - 1 - i : mixed;
                insert(keys, keys->sorted[at]);
            }
            check_order(keys);
            for (uint32_t i = 0; i < KEYS; i += 97)
                check_seek(keys, i);
            ck_assert_uint_le(keys->order.held_bytes, KEYS * 12);
            keys_free(keys);
        }
    }
}
END_TEST

START_TEST(order_filled_in_key_order_takes_nine_bytes_a_key)
{
    struct keys *keys = keys_new(long_key);
    for (uint32_t i = 0; i < KEYS; i++)
        insert(keys, keys->sorted[i]);
    ck_assert_uint_le(keys->order.held_bytes, KEYS * 9);
    keys_free(keys);
}
END_TEST

START_TEST(order_agrees_with_an_array_under_random_changes)
{
    struct random random;
    random_init(&random, "table_order");
    for (int maker = 0; maker < MAKERS; maker++) {
        struct keys *keys = keys_new(makers[maker]);
        for (uint32_t step = 0; step < 60000; step++) {
            uint32_t i = (uint32_t)random_below(&random, KEYS);
            if (!keys->held[i]) {
                insert(keys, i);
            } else if (step % 2 == 0) {
                order_remove(&keys->order, &keys->pool, keys->refs[i]);
                keys->held[i] = false;
            } else {
                uint32_t ref = add_row(keys, key_of(keys, i));
                order_replace(&keys->order, &keys->pool, keys->refs[i], ref);
                keys->refs[i] = ref;
            }
            if (step % 100 == 0)
                check_seek(keys, (uint32_t)random_below(&random, KEYS));
        }
        check_order(keys);
        keys_free(keys);
    }
}
END_TEST

START_TEST(order_gives_memory_back_as_it_empties)
{
    struct keys *keys = keys_new(long_key);
    for (uint32_t i = 0; i < KEYS; i++)
        insert(keys, i);
    size_t full = keys->order.held_bytes;
    for (uint32_t i = 0; i < KEYS; i++) {
        if (i % 8 == 0)
            continue;
        order_remove(&keys->order, &keys->pool, keys->refs[i]);
        keys->held[i] = false;
    }
    check_order(keys);
    ck_assert_uint_lt(keys->order.held_bytes, full / 2);
    for (uint32_t i = 0; i < KEYS; i += 8)
        order_remove(&keys->order, &keys->pool, keys->refs[i]);
    ck_assert_uint_eq(keys->order.count, 0);
    keys_free(keys);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        order_sorts_ascending_descending_and_mixed_arrivals,
        order_filled_in_key_order_takes_nine_bytes_a_key,
        order_agrees_with_an_array_under_random_changes,
        order_gives_memory_back_as_it_empties,
    };
    return RUN_SUITE("table_order", tests);
}
