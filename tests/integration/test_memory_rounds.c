/* Rounds of filling a table and deleting random halves of it: what is not used any
 * more goes back to the kernel.
 *
 * CARDINAL_ROUNDS_KEYS, CARDINAL_ROUNDS and CARDINAL_ROUNDS_VALUES (a key) make
 * it larger, for a measurement: see tests/bench/memory_rounds.sh. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/harness/process.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/memory_scene.h"

#define SETTLE_MS 10000
#define RATIO_PERCENT 130u
#define PACKED_PERCENT 150u
#define EMPTY_BYTES_MAX ((uint64_t)1 << 20)
#define BASE_MORE_BYTES ((uint64_t)4 << 20) /* that a daemon keeps when all keys are gone */

struct rounds {
    struct memory_scene scene;
    uint32_t keys;
    uint32_t rounds;
    uint32_t values;
    uint64_t state;
    bool *is_there;
    cardinal_key *list;
    char (*names)[MEMORY_KEY_BYTES + 1];
};

static uint32_t setting(const char *name, uint32_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : (uint32_t)strtoul(text, NULL, 10);
}

static bool coin(struct rounds *rounds)
{
    uint64_t x = rounds->state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    rounds->state = x;
    return (x * UINT64_C(0x2545f4914f6cdd1d) >> 63) != 0;
}

/* Every key that is not there gets its values. */
static void fill(struct rounds *rounds)
{
    cardinal_batch *batch;
    ck_assert_int_eq(cardinal_batch_open(rounds->scene.client, "t", NULL, 0, NULL, &batch),
                     CARDINAL_OK);
    for (uint32_t key = 0; key < rounds->keys; key++) {
        for (uint32_t i = 0; i < rounds->values && !rounds->is_there[key]; i++)
            ck_assert_int_eq(cardinal_batch_int(batch, rounds->names[key], MEMORY_KEY_BYTES, 0,
                                                (int64_t)key * 100000 + i),
                             CARDINAL_OK);
        rounds->is_there[key] = true;
    }
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK);
    cardinal_batch_close(batch);
}

static void delete_half(struct rounds *rounds)
{
    size_t count = 0;
    uint64_t deleted;
    for (uint32_t key = 0; key < rounds->keys; key++) {
        if (!coin(rounds))
            continue;
        rounds->list[count++] = (cardinal_key){ rounds->names[key], MEMORY_KEY_BYTES };
        rounds->is_there[key] = false;
    }
    for (size_t first = 0; first < count; first += 10000) {
        size_t n = count - first < 10000 ? count - first : 10000;
        cardinal_selector some = cardinal_select_keys(rounds->list + first, n);
        ck_assert_int_eq(cardinal_delete(rounds->scene.client, "t", &some, &deleted), CARDINAL_OK);
        ck_assert_uint_eq(deleted, n);
    }
}

static void rounds_init(struct rounds *rounds)
{
    rounds->keys = setting("CARDINAL_ROUNDS_KEYS", 400000);
    rounds->rounds = setting("CARDINAL_ROUNDS", 6);
    rounds->values = setting("CARDINAL_ROUNDS_VALUES", 1);
    rounds->state = 88172645463325252u;
    rounds->is_there = calloc(rounds->keys, sizeof *rounds->is_there);
    rounds->list = calloc(rounds->keys, sizeof *rounds->list);
    rounds->names = calloc(rounds->keys, sizeof *rounds->names);
    ck_assert(rounds->is_there != NULL && rounds->list != NULL && rounds->names != NULL);
    for (uint32_t key = 0; key < rounds->keys; key++)
        memory_key(rounds->names[key], key);
}

/* Has what deletes left been packed, and given back but for some of what the keys left
 * take, and for base? */
static bool is_settled(const struct memory_figures *figures, uint64_t base, uint64_t live)
{
    return figures->accounted <= live * PACKED_PERCENT / 100 &&
           figures->resident <= base + figures->accounted * RATIO_PERCENT / 100;
}

/* Waits for that, not for ever. */
static void settle(struct rounds *rounds, uint64_t base, uint64_t live,
                   struct memory_figures *figures)
{
    int64_t begun = now_ms();
    do {
        sleep_ms(100);
        memory_read(&rounds->scene, figures);
    } while (!is_settled(figures, base, live) && now_ms() - begun < SETTLE_MS);
    printf("after %" PRId64 " ms\n", now_ms() - begun);
    memory_show("settled", figures);
    ck_assert(is_settled(figures, base, live));
}

/* What is resident when all keys were there and are gone. */
static uint64_t find_base(struct rounds *rounds)
{
    struct memory_figures figures;
    cardinal_selector all = cardinal_select_all();
    memory_read(&rounds->scene, &figures);
    uint64_t before = figures.resident;
    fill(rounds);
    ck_assert_int_eq(cardinal_delete(rounds->scene.client, "t", &all, NULL), CARDINAL_OK);
    memset(rounds->is_there, 0, rounds->keys);
    settle(rounds, before + BASE_MORE_BYTES, EMPTY_BYTES_MAX, &figures);
    return figures.resident - figures.accounted;
}

/* Of the bytes that a full table takes those of the keys that are left. */
static uint64_t share_left(const struct rounds *rounds, uint64_t full_bytes)
{
    uint64_t left = 0;
    ck_assert_uint_gt(rounds->keys, 0);
    for (uint32_t key = 0; key < rounds->keys; key++)
        left += rounds->is_there[key];
    return full_bytes * left / rounds->keys;
}

START_TEST(memory_goes_back_after_rounds_of_deletes)
{
    struct rounds rounds;
    struct memory_figures figures;
    uint64_t full_bytes = 0;
    rounds_init(&rounds);
    memory_begin(&rounds.scene, NULL);
    memory_make_table(&rounds.scene, "t", 1);
    uint64_t base = find_base(&rounds);
    for (uint32_t round = 0; round < rounds.rounds; round++) {
        fill(&rounds);
        memory_read(&rounds.scene, &figures);
        memory_show("full", &figures);
        if (round == 0)
            full_bytes = figures.accounted;
        delete_half(&rounds);
    }
    uint64_t live = share_left(&rounds, full_bytes);
    settle(&rounds, base, live, &figures);
    printf("%.3f times the accounted bytes are resident, %.3f beside %" PRIu64
           " bytes of before; %.3f times what these keys took of a full table\n",
           (double)figures.resident / (double)figures.accounted,
           (double)(figures.resident - base) / (double)figures.accounted, base,
           (double)figures.accounted / (double)live);
    memory_end(&rounds.scene);
    free(rounds.names);
    free(rounds.list);
    free(rounds.is_there);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { memory_goes_back_after_rounds_of_deletes };
    return RUN_INTEGRATION("memory_rounds", tests);
}
