/* Bytes as a file that a reader reads. */
#ifndef CARDINAL_TESTS_INPUT_FD_H
#define CARDINAL_TESTS_INPUT_FD_H

#include <stddef.h>

/* A descriptor of a file in memory that holds len bytes, at its beginning. */
int input_fd(const void *bytes, size_t len);

#endif
