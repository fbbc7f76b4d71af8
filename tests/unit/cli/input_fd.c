#include "tests/unit/cli/input_fd.h"

#include <check.h>
#include <sys/mman.h>
#include <unistd.h>

int input_fd(const void *bytes, size_t len)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
    ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}
