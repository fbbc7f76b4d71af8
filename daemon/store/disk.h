/* disk: what is done to files so that it lasts, each with its failpoints.
 *
 * Every function returns 0 or an errno. `point` is the failpoint before the
 * operation; the one behind it is the next of the list.
 *
 * Thread safety: nothing here has state of its own. */
#ifndef CARDINAL_STORE_DISK_H
#define CARDINAL_STORE_DISK_H

#include <stddef.h>
#include <sys/uio.h>

#include "daemon/store/failpoint.h"

/* Writes all of the pieces, at most IOV_MAX of them, at the file's place; the
 * pieces are used up on the way. After a failure any part may be written. */
int disk_write(int fd, struct iovec *pieces, int count, enum failpoint point);

/* fdatasync(). */
int disk_sync(int fd, enum failpoint point);

/* Within one directory; the directory is synced, too. */
int disk_rename(int directory, const char *from, const char *to);

/* Makes what was created, renamed and removed in a directory last. */
int disk_sync_directory(int directory);

/* Removes a file, which need not be there; does not sync the directory. */
int disk_remove(int directory, const char *name);

#endif
