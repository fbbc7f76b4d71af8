#include "tests/integration/bench_run.h"

#include <check.h>

#include "tests/integration/harness/process.h"
#include "tests/integration/harness/programs.h"

void bench_run(struct run *run, const char *server, const char *const *arguments)
{
    const char *argv[32] = { PROGRAM_BENCH, "--target", server };
    for (size_t i = 0; arguments[i] != NULL; i++)
        argv[i + 3] = arguments[i];
    run_program(run, argv);
}

double json_number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    ck_assert_msg(cJSON_IsNumber(item), "no number '%s'", name);
    return item->valuedouble;
}

static void assert_latency(const cJSON *json, const char *name)
{
    static const char *const names[] = { "p50", "p90", "p99", "p99.9", "p99.99", "max" };
    const cJSON *latency = cJSON_GetObjectItemCaseSensitive(json, name);
    double last = 0;
    ck_assert(cJSON_IsObject(latency));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ck_assert_double_ge(json_number(latency, names[i]), last);
        last = json_number(latency, names[i]);
    }
    ck_assert_double_gt(last, 0);
}

void assert_bench_of(const char *server, double values, const char *const *arguments)
{
    struct run run;
    bench_run(&run, server, arguments);
    ck_assert_msg(run.exit_status == 0, "exit status %d: %s%s", run.exit_status, run.err, run.out);
    cJSON *json = cJSON_Parse(run.out);
    ck_assert_ptr_nonnull(json);
    ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(json, "workload")), arguments[1]);
    ck_assert_double_eq(json_number(json, "values"), values);
    ck_assert_double_eq(json_number(json, "errors"), 0);
    ck_assert_double_gt(json_number(json, "seconds"), 0);
    ck_assert_double_gt(json_number(json, "values_per_second"), 0);
    ck_assert_double_gt(json_number(json, "client_cpu_ns_per_value"), 0);
    ck_assert_double_ge(json_number(json, "server_cpu_ns_per_value"), 0);
    ck_assert_double_gt(json_number(json, "server_resident_bytes"), 0);
    ck_assert_double_eq(json_number(json, "unsent"), 0);
    assert_latency(json, "latency_us");
    if (cJSON_HasObjectItem(json, "reads")) {
        ck_assert_double_gt(json_number(json, "reads"), 0);
        assert_latency(json, "read_latency_us");
    }
    const cJSON *check = cJSON_GetObjectItem(json, "check");
    ck_assert(cJSON_IsTrue(cJSON_GetObjectItem(check, "right")));
    cJSON_Delete(json);
    run_release(&run);
}
