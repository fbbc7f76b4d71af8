/* scratch_dir: a private folder for each test, gone when the test passes.
 *
 * RUN_INTEGRATION() makes one folder for the program; each test gets one of its
 * own in there. What failed tests left in theirs is shown at the end: every
 * file that ends in .log.
 *
 * Thread safety: set up and removed by the test's main thread; reading the path
 * is free to all. */
#ifndef CARDINAL_TESTS_SCRATCH_DIR_H
#define CARDINAL_TESTS_SCRATCH_DIR_H

#include <stddef.h>

/* The folder of the test that runs. Lives as long as the test. */
const char *scratch_dir(void);

/* Writes "FOLDER/name" into out, which holds size bytes; returns out. */
char *scratch_path(char *out, size_t size, const char *name);

/* For the runner: the folder of the program, and of one test. */
void scratch_dir_make_base(void);
void scratch_dir_remove_base(void);
void scratch_dir_show_logs(void);
void scratch_dir_make(void);
void scratch_dir_remove(void);

#endif
