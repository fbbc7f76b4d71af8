/* The main() that the integration tests share: run_suite.h with a private
 * folder around every test. */
#ifndef CARDINAL_TESTS_RUN_INTEGRATION_H
#define CARDINAL_TESTS_RUN_INTEGRATION_H

#include <check.h>
#include <stddef.h>

/* Runs the tests as one case of a suite called name; the program's exit status. */
int run_integration(const char *name, const TTest *const *tests, size_t count);

#define RUN_INTEGRATION(name, tests)                                                               \
    run_integration(name, tests, sizeof(tests) / sizeof((tests)[0]))

#endif
