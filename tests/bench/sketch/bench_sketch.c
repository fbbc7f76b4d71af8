/* bench_sketch: what the engine's operations cost, in nanoseconds, one thread.
 *
 * Prints for each operation the median of several rounds, the best round and
 * the bar it is held to. Precision 14. The figures are those of the machine it
 * runs on; nothing fails when a bar is missed. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/sketch/cell.h"
#include "daemon/sketch/union_scratch.h"

#define PRECISION 14
#define ROUNDS 9
#define SHORT_ROUNDS 101 /* of what takes less than a microsecond */
#define BATCH 4096u

static struct sketch_shape shape;

/* Time of this thread on the CPU: others on the machine count less. Reading it
 * is a system call, so what is measured takes tens of microseconds. */
static double now_ns(void)
{
    struct timespec at;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return (double)at.tv_sec * 1e9 + (double)at.tv_nsec;
}

/* Distinct hashes, one after the other. */
static uint64_t next_hash(void)
{
    static uint64_t state = 20260401;
    uint64_t x = state += 0x9e3779b97f4a7c15ull;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ x >> 27) * 0x94d049bb133111ebull;
    return x ^ x >> 31;
}

static void *must_alloc(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL) {
        fputs("out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return memory;
}

static void must(enum status status)
{
    if (status != ST_OK) {
        fprintf(stderr, "%s\n", status_text(status));
        exit(EXIT_FAILURE);
    }
}

static void add(struct cell *cell, const uint64_t *hashes, size_t n)
{
    size_t changed;
    must(cell_add(cell, &shape, hashes, n, &changed));
}

static void add_new(struct cell *cell, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t hash = next_hash();
        add(cell, &hash, 1);
    }
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* One line: rounds holds the ns of one operation in each round. */
static void report(const char *what, double *rounds, size_t n, double bar)
{
    qsort(rounds, n, sizeof *rounds, compare_doubles);
    printf("%-58s %8.2f %8.2f", what, rounds[n / 2], rounds[0]);
    if (bar > 0)
        printf(" %8.1f", bar);
    putchar('\n');
}

static void bench_dense_hot(void)
{
    struct cell cell = { 0 };
    double rounds[ROUNDS];
    uint64_t *hashes = must_alloc(BATCH, sizeof *hashes);
    add_new(&cell, 1000000);
    for (size_t round = 0; round < ROUNDS; round++) {
        double spent = 0;
        for (size_t batch = 0; batch < 100; batch++) {
            for (size_t i = 0; i < BATCH; i++)
                hashes[i] = next_hash();
            double start = now_ns();
            add(&cell, hashes, BATCH);
            spent += now_ns() - start;
        }
        rounds[round] = spent / (100.0 * BATCH);
    }
    report("new value into one hot dense sketch of 1e6", rounds, ROUNDS, 1.2);
    cell_release(&cell);
    free(hashes);
}

static void bench_dense_random(void)
{
    enum { CELLS = 50000, EACH = 1000000 };
    struct cell full = { 0 };
    struct cell *cells = must_alloc(CELLS, sizeof *cells);
    uint64_t *hashes = must_alloc(BATCH, sizeof *hashes);
    uint32_t *targets = must_alloc(BATCH, sizeof *targets);
    double rounds[ROUNDS];
    add_new(&full, EACH);
    for (size_t i = 0; i < CELLS; i++)
        must(cell_merge(&cells[i], &full, &shape));
    cell_release(&full);
    for (size_t round = 0; round < ROUNDS; round++) {
        double spent = 0;
        for (size_t batch = 0; batch < 50; batch++) {
            for (size_t i = 0; i < BATCH; i++) {
                hashes[i] = next_hash();
                targets[i] = (uint32_t)(next_hash() % CELLS);
            }
            double start = now_ns();
            for (size_t i = 0; i < BATCH; i++) {
                size_t ahead = i + 32 < BATCH ? i + 32 : i;
                cell_prefetch(&cells[targets[ahead]], &shape, &hashes[ahead], 1);
                add(&cells[targets[i]], &hashes[i], 1);
            }
            spent += now_ns() - start;
        }
        rounds[round] = spent / (50.0 * BATCH);
    }
    report("new value into 50,000 dense of 1e6 at random, prefetched", rounds, ROUNDS, 25);
    for (size_t i = 0; i < CELLS; i++)
        cell_release(&cells[i]);
    free(cells);
    free(hashes);
    free(targets);
}

/* Grows count sketches from 16 values to 3,800, in turn, one value at a time,
 * TURNS turns measured together. */
static void bench_packed(const char *what, size_t count, double bar, size_t round_count)
{
    enum { FIRST = 16, LAST = 3800, TURNS = 43 };
    double rounds[ROUNDS];
    struct cell *cells = must_alloc(count, sizeof *cells);
    uint64_t *hashes = must_alloc(count * TURNS, sizeof *hashes);
    for (size_t round = 0; round < round_count; round++) {
        double spent = 0;
        for (size_t i = 0; i < count; i++)
            add_new(&cells[i], FIRST);
        for (size_t n = FIRST; n < LAST; n += TURNS) {
            for (size_t i = 0; i < count * TURNS; i++)
                hashes[i] = next_hash();
            double start = now_ns();
            for (size_t i = 0; i < count * TURNS; i++) {
                size_t ahead = i + 8 < count * TURNS ? i + 8 : i;
                if (count > 8)
                    cell_prefetch(&cells[ahead % count], &shape, &hashes[ahead], 1);
                add(&cells[i % count], &hashes[i], 1);
            }
            spent += now_ns() - start;
        }
        rounds[round] = spent / ((double)(LAST - FIRST) * (double)count);
        for (size_t i = 0; i < count; i++)
            cell_release(&cells[i]);
    }
    report(what, rounds, round_count, bar);
    free(cells);
    free(hashes);
}

static void bench_merge_unchanged(const struct cell *into, const struct cell *from)
{
    enum { MERGES = 200 };
    double rounds[SHORT_ROUNDS];
    struct cell cell = *into;
    for (size_t round = 0; round < SHORT_ROUNDS; round++) {
        double start = now_ns();
        for (size_t i = 0; i < MERGES; i++)
            must(cell_merge(&cell, from, &shape));
        rounds[round] = (now_ns() - start) / MERGES;
    }
    report("merge of two dense sketches that changes nothing", rounds, SHORT_ROUNDS, 200);
}

static void bench_merge_changed(const struct cell *into, const struct cell *from)
{
    enum { MERGES = 200 };
    double rounds[ROUNDS];
    for (size_t round = 0; round < ROUNDS; round++) {
        struct cell grown[MERGES] = { { 0 } };
        for (size_t i = 0; i < MERGES; i++) {
            must(cell_merge(&grown[i], from, &shape));
            add_new(&grown[i], 50);
        }
        double start = now_ns();
        for (size_t i = 0; i < MERGES; i++)
            must(cell_merge(&grown[i], into, &shape));
        rounds[round] = (now_ns() - start) / MERGES;
        for (size_t i = 0; i < MERGES; i++)
            cell_release(&grown[i]);
    }
    report("merge of two dense sketches that changes both", rounds, ROUNDS, 0);
}

static void bench_merge(void)
{
    struct cell into = { 0 };
    struct cell from = { 0 };
    add_new(&into, 100000);
    add_new(&from, 100000);
    must(cell_merge(&into, &from, &shape));
    add_new(&into, 50);
    bench_merge_unchanged(&into, &from);
    bench_merge_changed(&into, &from);
    cell_release(&into);
    cell_release(&from);
}

static void bench_union(void)
{
    enum { CELLS = 8, UNIONS = 200 };
    struct cell cells[CELLS] = { { 0 } };
    double adding[SHORT_ROUNDS];
    double estimating[SHORT_ROUNDS];
    double total = 0;
    struct union_scratch *scratch = union_scratch_new(&shape);
    if (scratch == NULL)
        must(ST_RESOURCE_EXHAUSTED);
    for (size_t i = 0; i < CELLS; i++)
        add_new(&cells[i], 100000);
    for (size_t round = 0; round < SHORT_ROUNDS; round++) {
        union_scratch_reset(scratch);
        double start = now_ns();
        for (size_t i = 0; i < UNIONS; i++)
            must(union_scratch_add(scratch, &cells[i % CELLS]));
        adding[round] = (now_ns() - start) / UNIONS;
        start = now_ns();
        for (size_t i = 0; i < UNIONS; i++)
            total += union_scratch_estimate(scratch).value;
        estimating[round] = (now_ns() - start) / UNIONS;
    }
    report("dense sketch into a union scratch", adding, SHORT_ROUNDS, 200);
    report("estimate of a union scratch", estimating, SHORT_ROUNDS, 400);
    union_scratch_free(scratch);
    for (size_t i = 0; i < CELLS; i++)
        cell_release(&cells[i]);
    if (total < 1)
        exit(EXIT_FAILURE);
}

static void shuffle(struct cell *cells, size_t n)
{
    for (size_t i = n - 1; i > 0; i--) {
        size_t other = next_hash() % (i + 1);
        struct cell kept = cells[i];
        cells[i] = cells[other];
        cells[other] = kept;
    }
}

/* In no order of addresses, as keys are in no order of their making. */
static void bench_union_cold(void)
{
    enum { CELLS = 10000 };
    struct cell full[2] = { { 0 } };
    struct cell *cells = must_alloc(CELLS, sizeof *cells);
    double rounds[ROUNDS];
    struct union_scratch *scratch = union_scratch_new(&shape);
    if (scratch == NULL)
        must(ST_RESOURCE_EXHAUSTED);
    add_new(&full[0], 100000);
    add_new(&full[1], 1000000);
    for (size_t i = 0; i < CELLS; i++)
        must(cell_merge(&cells[i], &full[i % 2], &shape));
    shuffle(cells, CELLS);
    for (size_t round = 0; round < ROUNDS; round++) {
        union_scratch_reset(scratch);
        double start = now_ns();
        for (size_t i = 0; i < CELLS; i++) {
            if (i + 1 < CELLS)
                union_scratch_expect(scratch, &cells[i + 1]);
            must(union_scratch_add(scratch, &cells[i]));
        }
        rounds[round] = (now_ns() - start) / CELLS;
    }
    report("each of 10,000 dense sketches into a union scratch", rounds, ROUNDS, 800);
    union_scratch_free(scratch);
    cell_release(&full[0]);
    cell_release(&full[1]);
    for (size_t i = 0; i < CELLS; i++)
        cell_release(&cells[i]);
    free(cells);
}

static void bench_estimate(const char *what, size_t values)
{
    struct cell cell = { 0 };
    double rounds[ROUNDS];
    double total = 0;
    add_new(&cell, values);
    for (size_t round = 0; round < ROUNDS; round++) {
        double start = now_ns();
        for (size_t i = 0; i < 20000; i++) {
            total += cell_estimate(&cell, &shape).value;
            __asm__ volatile("" : : "r"(&cell) : "memory");
        }
        rounds[round] = (now_ns() - start) / 20000;
    }
    report(what, rounds, ROUNDS, 10);
    cell_release(&cell);
    if (total < 1)
        exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    bool small = argc > 1 && strcmp(argv[1], "--small") == 0; /* leaves out what takes 500 MB */
    must(sketch_shape_init(&shape, PRECISION));
    printf("%-58s %8s %8s %8s\n", "operation, precision 14 (ns)", "median", "best", "bar");
    bench_dense_hot();
    if (!small)
        bench_dense_random();
    bench_packed("new token into 8 packed sketches, mean 17 .. 3,800", 8, 70, ROUNDS);
    bench_packed("new token into 2,000 packed sketches in turn", 2000, 110, 1);
    bench_merge();
    bench_union();
    bench_union_cold();
    bench_estimate("point estimate, 1,000 values", 1000);
    bench_estimate("point estimate, 1e6 values", 1000000);
    return EXIT_SUCCESS;
}
