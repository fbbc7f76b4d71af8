/* recover: brings back the tables of a data directory.
 *
 * Reads the newest snapshot, then the segments of the journal from its number on.
 * Takes several threads; what is read is applied to tables that come into the
 * catalog at the end, all of them or, where anything fails, none.
 *
 * A bad end of the last segment is what a crash leaves of a write that nobody was
 * promised: it is cut off. Anything else that is bad is damage: recovery stops, and
 * the message names file, offset and remedy; unless it is to save what is whole.
 * After a failed write the daemon begins a segment of which something may be missing
 * before it; that and what follows count for nothing without a snapshot as new, and
 * are put aside.
 *
 * Thread safety: none; the progress may be read by any thread. */
#ifndef CARDINAL_STORE_RECOVER_H
#define CARDINAL_STORE_RECOVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/store/directory.h"
#include "daemon/table/catalog.h"

/* What is worth saying of a file. */
enum recovery_finding {
    RECOVERY_CUT,     /* bytes of a write that was under way */
    RECOVERY_DAMAGED, /* bytes that are no good, where only what is whole is saved */
    RECOVERY_ASIDE,   /* a segment that counts for nothing, since changes before it are missing */
};

struct recovery_note {
    enum recovery_finding finding;
    char file[STORE_NAME_BYTES];
    uint64_t offset;
    uint64_t bytes;
    const char *why;
};

/* Read by any thread while it goes on; any may give it up. */
struct recovery_progress {
    atomic_bool is_given_up;
    _Atomic uint64_t done_bytes;
    _Atomic uint64_t total_bytes;
    _Atomic uint64_t rows;    /* of the snapshot */
    _Atomic uint64_t changes; /* of the journal */
};

struct recovery_options {
    const char *path;  /* of the directory, as messages name it */
    unsigned threads;  /* at least 1; CREW_MAX is the most that is taken */
    table_bury *bury;  /* of the tables; NULL: freed where the last reference goes */
    bool leaves_files; /* changes nothing on disk */
    bool saves;        /* goes on behind damage */
    void (*on_note)(const struct recovery_note *note, void *arg); /* NULL: nobody asks */
    void *arg;
    struct recovery_progress *progress; /* zeroed; NULL: nobody asks */
};

struct recovery_result {
    bool has_snapshot;
    uint64_t snapshot; /* its number */
    uint64_t snapshot_bytes;
    uint64_t segments;      /* that were read */
    uint64_t journal_bytes; /* of them */
    uint64_t tables;
    uint64_t cut_bytes;
};

/* ST_CANCELLED: given up. ST_FAILED_PRECONDITION: damaged, or of a newer version; ST_INTERNAL: the
 * disk failed; ST_RESOURCE_EXHAUSTED: no memory. The catalog is empty before, and no sink is set.
 */
enum status recover(int directory, struct catalog *catalog, const struct recovery_options *options,
                    struct recovery_result *out, struct error *err);

#endif
