/* The main() that every libcheck program here shares. */
#ifndef CARDINAL_TESTS_RUN_SUITE_H
#define CARDINAL_TESTS_RUN_SUITE_H

#include <check.h>
#include <stddef.h>
#include <stdlib.h>

/* Runs the tests as one case of a suite called name; the program's exit status. */
static inline int run_suite(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define RUN_SUITE(name, tests) run_suite(name, tests, sizeof(tests) / sizeof((tests)[0]))

#endif
