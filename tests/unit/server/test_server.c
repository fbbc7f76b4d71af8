#include "daemon/server/server.h"

#include <string.h>

#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"

START_TEST(server_fails_cleanly_without_memory)
{
    struct server_options options;
    struct error err;
    bool failed = true;

    memset(&options, 0, sizeof options);
    ck_assert_int_eq(address_parse("tcp://127.0.0.1:0", &options.listen[0], &err), ST_OK);
    options.listen_count = 1;
    options.threads = options.job_threads = 2;
    options.limits.max_tables = 10;
    for (long n = 0; failed; n++) {
        struct server *server = NULL;
        failing_alloc_arm(n);
        enum status status = server_new(&options, &server, &err);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(status, failed ? ST_RESOURCE_EXHAUSTED : ST_OK);
        ck_assert(failed == (server == NULL));
        server_free(server);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        server_fails_cleanly_without_memory,
    };

    return RUN_SUITE("server", tests);
}
