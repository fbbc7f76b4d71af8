#include "daemon/table/holds.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#define STRIPES 32u
#define NO_STRIPE UINT32_MAX
#define CALIBRATION_NS 100000u

const uint32_t hold_bounds_us[HOLD_BOUNDS] = { 10, 50, 100, 200, 500, 1000, 2000 };

const char *hold_purpose_name(enum hold_purpose purpose)
{
    static const char *const names[HOLD_PURPOSES] = {
        [HOLD_INGEST] = "ingest", [HOLD_POINT] = "point",       [HOLD_GROWTH] = "growth",
        [HOLD_QUERY] = "query",   [HOLD_DIGEST] = "digest",     [HOLD_DELETE] = "delete",
        [HOLD_MERGE] = "merge",   [HOLD_REBUILD] = "rebuild",   [HOLD_COMPACT] = "compact",
        [HOLD_ALTER] = "alter",   [HOLD_SNAPSHOT] = "snapshot", [HOLD_RESTORE] = "restore",
        [HOLD_USAGE] = "usage",
    };
    return names[purpose];
}

/* What some threads have counted, in ticks. */
struct stripe {
    _Alignas(64) _Atomic uint64_t counts[HOLD_PURPOSES][HOLD_BOUNDS + 1];
    _Atomic uint64_t max[HOLD_PURPOSES];
    _Atomic uint64_t waits;
    _Atomic uint64_t wait_ticks;
    _Atomic uint64_t wait_max;
};
static struct stripe stripes[STRIPES];
static _Atomic uint32_t next_stripe;
static _Thread_local uint32_t my_stripe = NO_STRIPE;

/* Written once. */
static pthread_once_t calibrated = PTHREAD_ONCE_INIT;
static double ns_per_tick;
static uint64_t bounds_ticks[HOLD_BOUNDS];

static uint64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t holds_now(void)
{
#if defined(__x86_64__)
    return __rdtsc();
#else
    return clock_ns();
#endif
}

/* Looks at both clocks a while apart. */
static void calibrate(void)
{
    uint64_t begun_ns = clock_ns();
    uint64_t begun = holds_now();
    uint64_t passed_ns;
    do {
        passed_ns = clock_ns() - begun_ns;
    } while (passed_ns < CALIBRATION_NS);
    uint64_t passed = holds_now() - begun;
    ns_per_tick = passed == 0 ? 1 : (double)passed_ns / (double)passed;
    for (unsigned i = 0; i < HOLD_BOUNDS; i++)
        bounds_ticks[i] = (uint64_t)(hold_bounds_us[i] * 1e3 / ns_per_tick);
}

static struct stripe *stripe_of_thread(void)
{
    if (my_stripe == NO_STRIPE) {
        pthread_once(&calibrated, calibrate);
        my_stripe = atomic_fetch_add(&next_stripe, 1) % STRIPES;
    }
    return &stripes[my_stripe];
}

static void raise_to(_Atomic uint64_t *max, uint64_t ticks)
{
    uint64_t is = atomic_load_explicit(max, memory_order_relaxed);
    while (ticks > is && !atomic_compare_exchange_weak(max, &is, ticks))
        continue;
}

/* The counters of processors need not agree to the tick. */
static uint64_t since(uint64_t begun)
{
    uint64_t now = holds_now();
    return now > begun ? now - begun : 0;
}

void holds_note(enum hold_purpose purpose, uint64_t begun)
{
    struct stripe *stripe = stripe_of_thread();
    uint64_t ticks = since(begun);
    unsigned i = 0;
    while (i < HOLD_BOUNDS && ticks > bounds_ticks[i])
        i++;
    atomic_fetch_add_explicit(&stripe->counts[purpose][i], 1, memory_order_relaxed);
    raise_to(&stripe->max[purpose], ticks);
}

void holds_note_wait(uint64_t begun)
{
    struct stripe *stripe = stripe_of_thread();
    uint64_t ticks = since(begun);
    atomic_fetch_add_explicit(&stripe->waits, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&stripe->wait_ticks, ticks, memory_order_relaxed);
    raise_to(&stripe->wait_max, ticks);
}

static uint64_t ns_of(uint64_t ticks)
{
    return (uint64_t)((double)ticks * ns_per_tick);
}

static void add_times(const struct stripe *stripe, enum hold_purpose purpose,
                      struct hold_times *out)
{
    uint64_t count = 0;
    uint64_t max_ns = ns_of(atomic_load(&stripe->max[purpose]));
    for (unsigned i = 0; i <= HOLD_BOUNDS; i++) {
        count += atomic_load_explicit(&stripe->counts[purpose][i], memory_order_relaxed);
        if (i < HOLD_BOUNDS)
            out->at_most[i] += count;
    }
    out->all += count;
    if (max_ns > out->max_ns)
        out->max_ns = max_ns;
}

void holds_read(struct hold_figures *out)
{
    pthread_once(&calibrated, calibrate);
    memset(out, 0, sizeof *out);
    for (unsigned i = 0; i < STRIPES; i++) {
        const struct stripe *stripe = &stripes[i];
        uint64_t max_ns = ns_of(atomic_load(&stripe->wait_max));
        out->waits += atomic_load(&stripe->waits);
        out->wait_ns += ns_of(atomic_load(&stripe->wait_ticks));
        if (max_ns > out->wait_max_ns)
            out->wait_max_ns = max_ns;
        for (unsigned purpose = 0; purpose < HOLD_PURPOSES; purpose++)
            add_times(stripe, (enum hold_purpose)purpose, &out->of[purpose]);
    }
}
