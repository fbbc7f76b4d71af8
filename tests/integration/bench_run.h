/* Runs of `cardinal-bench` against some server. What goes wrong fails the test. */
#ifndef CARDINAL_TESTS_BENCH_RUN_H
#define CARDINAL_TESTS_BENCH_RUN_H

#include <cjson/cJSON.h>
#include <stddef.h>

struct run;

/* A list of arguments, at most 28. */
#define ARGUMENTS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* Runs it to its end. Give the run back with run_release(). */
void bench_run(struct run *run, const char *server, const char *const *arguments);

/* Demands that a workload (the second argument; the last is "--json") comes through
 * with so many values and right answers. */
void assert_bench_of(const char *server, double values, const char *const *arguments);

/* A number that the object must have. */
double json_number(const cJSON *object, const char *name);

#endif
