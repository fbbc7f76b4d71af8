/* Threads that work together. */
#include <stdatomic.h>

#include "daemon/store/crew.h"
#include "tests/unit/run_suite.h"

#define ROUNDS 500u

static atomic_uint calls[CREW_MAX];

static void count(unsigned number, void *arg)
{
    atomic_fetch_add(&calls[number], 1);
    atomic_fetch_add((atomic_uint *)arg, 1);
}

START_TEST(crew_works_once_a_round_on_each_thread)
{
    for (unsigned size = 1; size <= 4; size++) {
        struct crew crew;
        crew_init(&crew, size);
        ck_assert_uint_eq(crew.size, size);
        for (unsigned i = 0; i < CREW_MAX; i++)
            atomic_store(&calls[i], 0);
        for (unsigned round = 1; round <= ROUNDS; round++) {
            atomic_uint sum = 0;
            crew_run(&crew, count, &sum);
            if (atomic_load(&sum) != size) /* an assertion a round would take too long */
                ck_abort_msg("%u calls of %u", atomic_load(&sum), size);
        }
        for (unsigned i = 0; i < CREW_MAX; i++)
            ck_assert_uint_eq(atomic_load(&calls[i]), i < size ? ROUNDS : 0);
        crew_release(&crew);
    }
}
END_TEST

START_TEST(crew_has_a_greatest_size)
{
    struct crew crew;
    crew_init(&crew, 1000);
    ck_assert_uint_eq(crew.size, CREW_MAX);
    crew_release(&crew);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        crew_works_once_a_round_on_each_thread,
        crew_has_a_greatest_size,
    };
    return RUN_SUITE("crew", tests);
}
