/* failpoint: named moments at which a test makes the daemon die or the disk fail.
 *
 * CARDINALD_FAILPOINT=name:nth[:action] arms one of them: the nth time it is passed
 * (with a + behind nth every time from then on) the action is taken:
 *
 *      kill     SIGKILL, the default
 *      eio      the operation fails with EIO
 *      enospc   it fails with ENOSPC
 *      short    half of the bytes are written, then ENOSPC
 *      slow     it takes two seconds longer
 *
 * Without the variable a failpoint is one test of a flag that nobody writes.
 *
 * Thread safety: failpoint_init() before the first thread; the rest by any. */
#ifndef CARDINAL_STORE_FAILPOINT_H
#define CARDINAL_STORE_FAILPOINT_H

#include <stdbool.h>

#include "proto/status.h"

/* Each operation has a point before and one behind it, in this order. */
#define FAILPOINT_MAP(X)                                                                           \
    X(JOURNAL_WRITE, "journal-write-before")                                                       \
    X(JOURNAL_WRITTEN, "journal-write-after")                                                      \
    X(JOURNAL_SYNC, "journal-sync-before")                                                         \
    X(JOURNAL_SYNCED, "journal-sync-after")                                                        \
    X(SEGMENT_SWITCH, "segment-switch-before")                                                     \
    X(SEGMENT_SWITCHED, "segment-switch-after")                                                    \
    X(SNAPSHOT_WRITE, "snapshot-write-before")                                                     \
    X(SNAPSHOT_WRITTEN, "snapshot-write-after")                                                    \
    X(SNAPSHOT_SYNC, "snapshot-sync-before")                                                       \
    X(SNAPSHOT_SYNCED, "snapshot-sync-after")                                                      \
    X(SNAPSHOT_SLICE, "snapshot-slice-before")                                                     \
    X(SNAPSHOT_SLICED, "snapshot-slice-after")                                                     \
    X(RENAME, "rename-before")                                                                     \
    X(RENAMED, "rename-after")                                                                     \
    X(DIRECTORY_SYNC, "directory-sync-before")                                                     \
    X(DIRECTORY_SYNCED, "directory-sync-after")                                                    \
    X(REMOVE, "remove-before")                                                                     \
    X(REMOVED, "remove-after")

enum failpoint {
#define FAILPOINT_ENUM(upper, name) FAILPOINT_##upper,
    FAILPOINT_MAP(FAILPOINT_ENUM)
#undef FAILPOINT_ENUM
        FAILPOINT_COUNT,
};

/* The point's name, for those who list them. */
const char *failpoint_name(enum failpoint point);

/* Reads the environment; ST_INVALID_ARGUMENT says what is wrong with it. */
enum status failpoint_init(struct error *err);

#define FAILPOINT_SHORT (-1)

extern bool failpoint_is_armed;

/* failpoint_pass() where one is armed. */
int failpoint_pass_armed(enum failpoint point);

/* 0: go on; an errno: fail so; FAILPOINT_SHORT: write half, then fail. */
static inline int failpoint_pass(enum failpoint point)
{
    return failpoint_is_armed ? failpoint_pass_armed(point) : 0;
}

#endif
