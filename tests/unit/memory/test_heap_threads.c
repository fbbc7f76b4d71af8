#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "daemon/memory/heap.h"
#include "tests/unit/run_suite.h"

#define THREADS 6
#define STEPS 4000u
#define SLOTS 512u

/* Blocks that any thread takes out, looks at, frees and replaces. */
static _Atomic(uint32_t *) slots[SLOTS];
static atomic_bool ended;

static uint32_t *make(uint32_t words)
{
    uint32_t *block = heap_alloc(words * sizeof *block);
    ck_assert_ptr_nonnull(block);
    for (uint32_t i = 0; i < words; i++)
        block[i] = words;
    return block;
}

static void check_block(const uint32_t *block)
{
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < block[0]; i++)
        wrong += block[i] != block[0];
    ck_assert_uint_eq(wrong, 0);
}

static void *churn(void *arg)
{
    uint32_t state = (uint32_t)(uintptr_t)arg;
    for (uint32_t i = 0; i < STEPS; i++) {
        state = state * 1664525 + 1013904223;
        uint32_t *made = state % 8 == 0 ? NULL : make(1 + (state >> 8) % (1u << (state >> 4) % 12));
        uint32_t *was = atomic_exchange(&slots[(state >> 12) % SLOTS], made);
        if (was == NULL)
            continue;
        check_block(was);
        if (heap_should_move(was))
            was = heap_move(was);
        check_block(was);
        heap_free(was);
    }
    return NULL;
}

static void *compact(void *arg)
{
    (void)arg;
    while (!atomic_load(&ended)) {
        heap_compact();
        heap_purge(0);
        sched_yield();
    }
    return NULL;
}

START_TEST(threads_free_and_move_each_others_blocks)
{
    pthread_t threads[THREADS];
    pthread_t compactor;
    size_t used = heap_used_bytes();
    ck_assert_int_eq(pthread_create(&compactor, NULL, compact, NULL), 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, churn, (void *)(i + 1)), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&ended, true);
    pthread_join(compactor, NULL);
    for (uint32_t i = 0; i < SLOTS; i++) {
        uint32_t *left = atomic_load(&slots[i]);
        if (left != NULL)
            check_block(left);
        heap_free(left);
    }
    ck_assert_uint_eq(heap_used_bytes(), used);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { threads_free_and_move_each_others_blocks };
    return RUN_SUITE("heap_threads", tests);
}
