/* holds: how long shards are waited for, and held by whom.
 *
 * Counted for the whole process, in stripes that few threads share. Times are
 * the machine's, so that a holder who is put to sleep shows, as he does to those
 * who wait. The short holds of ingest and of points are timed one in
 * HOLD_SAMPLE, the others all; waits are all counted.
 *
 * Thread safety: every function may be called from any thread. */
#ifndef CARDINAL_TABLE_HOLDS_H
#define CARDINAL_TABLE_HOLDS_H

#include <stdbool.h>
#include <stdint.h>

/* What a shard is locked for. */
enum hold_purpose {
    HOLD_INGEST,
    HOLD_POINT,
    HOLD_GROWTH, /* ingest that made an index larger */
    HOLD_QUERY,  /* of many keys */
    HOLD_DIGEST,
    HOLD_DELETE,
    HOLD_MERGE, /* imports too */
    HOLD_REBUILD,
    HOLD_COMPACT,
    HOLD_ALTER,
    HOLD_SNAPSHOT,
    HOLD_RESTORE,
    HOLD_USAGE,
    HOLD_PURPOSES,
};

/* "ingest" and the like; lives forever. */
const char *hold_purpose_name(enum hold_purpose purpose);

#define HOLD_SAMPLE 4u
#define HOLD_BOUNDS 7u
extern const uint32_t hold_bounds_us[HOLD_BOUNDS]; /* ascending */

/* A moment, in ticks of the processor where it has a counter of them. */
uint64_t holds_now(void);

/* A hold ended that began then. */
void holds_note(enum hold_purpose purpose, uint64_t begun);

/* A wait ended that began then. */
void holds_note_wait(uint64_t begun);

/* All of it, added up. */
struct hold_figures {
    uint64_t waits;
    uint64_t wait_ns;
    uint64_t wait_max_ns;
    struct hold_times {
        uint64_t at_most[HOLD_BOUNDS]; /* how many took so long at most */
        uint64_t all;
        uint64_t max_ns;
    } of[HOLD_PURPOSES];
};
void holds_read(struct hold_figures *out);

#endif
