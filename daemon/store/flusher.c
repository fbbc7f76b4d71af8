/* The flusher: takes what was appended, group by group, writes it, syncs it, and
 * begins segments.
 *
 * Order within a group: the queues of changes are taken first and that of tables
 * last, and what it holds is written first. So no change is read before the table
 * or column that it needs was made; that one may be read as gone by then, and the
 * change is passed over. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/log.h"
#include "daemon/store/directory.h"
#include "daemon/store/store_impl.h"

#define NS_PER_MS UINT64_C(1000000)
#define WRITE_INTERVAL_MS 1000u /* between two writes that nobody asks for */
#define RETRY_MS 1000u          /* between two tries to begin a segment */
#define WISH_AGAIN_MS 10000u    /* a wish that was not heeded is uttered again */
#define LOG_AGAIN_MS 60000u     /* what goes on failing is logged again */

uint64_t store_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void count(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/* ---- chunks ------------------------------------------------------------------- */

/* Puts a list in front of another. */
static struct chunk *prepend(struct chunk *list, struct chunk *to)
{
    struct chunk *last = list;
    if (list == NULL)
        return to;
    while (last->next != NULL)
        last = last->next;
    last->next = to;
    return list;
}

/* All that was appended, in the order in which it is to be written. */
static struct chunk *take_all(struct store *store)
{
    struct chunk *all = NULL;
    for (unsigned i = 0; i < QUEUE_COUNT; i++)
        all = prepend(append_take(&store->queues[i]), all);
    return prepend(append_take(&store->tables), all);
}

static uint64_t bytes_of(const struct chunk *chunks)
{
    uint64_t bytes = 0;
    for (; chunks != NULL; chunks = chunks->next)
        bytes += chunks->used;
    return bytes;
}

/* Gives chunks back, and wakes those who wait for that. */
static void give_back(struct store *store, struct chunk *chunks)
{
    chunk_pool_give(&store->pool, chunks);
    if (chunk_pool_in_use(&store->pool) <= CHUNKS_BEHIND &&
        atomic_exchange(&store->behind_seen, false))
        store->on_change(store->on_change_arg);
}

/* ---- segments ----------------------------------------------------------------- */

static void log_failure(const struct store *store, const char *message, int error)
{
    char name[STORE_NAME_BYTES];
    store_segment_name(name, store->next_number);
    log_error(message, "segment", name, "error", strerror(error));
}

/* Begins the next segment; whether there is one. */
static bool begin_segment(struct store *store)
{
    store->begun_ns = store_now_ns();
    int rc = journal_begin(&store->journal, store->next_number, atomic_load(&store->is_degraded));
    if (rc != 0) {
        count(&store->counters.errors, 1);
        if (store->logged_ns == 0 ||
            store->begun_ns - store->logged_ns >= LOG_AGAIN_MS * NS_PER_MS) {
            log_failure(store, "cannot begin a segment of the journal", rc);
            store->logged_ns = store->begun_ns;
        }
        return false;
    }
    store->logged_ns = 0;
    atomic_store(&store->counters.segment, store->next_number++);
    count(&store->counters.journal_bytes, store->journal.size);
    count(&store->counters.written_bytes, store->journal.size);
    return true;
}

static void wish(struct store *store)
{
    store->wished_ns = store_now_ns();
    if (store->on_wish != NULL)
        store->on_wish(store->on_wish_arg);
}

/* The segment cannot be relied upon from here on. Every ticket given so far is of
 * the past then, and none is given until store_snapshot_taken(). */
static void enter_gap(struct store *store, int error)
{
    count(&store->counters.errors, 1);
    store->next_number = store->journal.fd >= 0 ? store->journal.number : store->next_number;
    log_failure(store,
                "the journal cannot be written: durable requests are refused, and a crash loses "
                "what comes now, until a snapshot is whole",
                error);
    store->next_number += store->journal.fd >= 0;
    journal_close(&store->journal);
    pthread_mutex_lock(&store->lock);
    store->gap_number = store->next_number;
    pthread_mutex_unlock(&store->lock);
    atomic_store(&store->is_degraded, true);
    atomic_store(&store->has_lost, false);
    uint64_t group = atomic_load(&store->begun) + (UINT64_C(1) << TICKET_ERROR_BITS);
    atomic_store(&store->begun, group);
    atomic_store(&store->synced, group);
    store->on_change(store->on_change_arg);
    begin_segment(store);
    wish(store);
}

/* ---- groups ------------------------------------------------------------------- */

/* Writes the group's chunks, and syncs if need be. */
static int write_group(struct store *store, const struct chunk *chunks, bool syncs)
{
    struct journal *journal = &store->journal;
    uint64_t size = journal->size;
    uint64_t blocks = journal->blocks;
    int rc = atomic_load(&store->has_lost) ? ENOMEM : journal_write(journal, chunks);
    count(&store->counters.journal_bytes, journal->size - size);
    count(&store->counters.written_bytes, journal->size - size);
    count(&store->counters.blocks, journal->blocks - blocks);
    if (rc != 0 || !syncs || journal->settled == journal->size)
        return rc;
    uint64_t begun_ns = store_now_ns();
    rc = journal_sync(journal);
    count(&store->counters.syncs, 1);
    count(&store->counters.sync_ns, store_now_ns() - begun_ns);
    return rc;
}

/* The group is on disk, with all before it. Tickets are counted with the group that
 * is synced next, which may be the one before theirs. */
static void finish_group(struct store *store, uint64_t group)
{
    uint64_t before = atomic_load(&store->synced);
    uint64_t tickets = atomic_exchange(&store->waiting, 0);
    uint64_t most = atomic_load_explicit(&store->counters.group_max, memory_order_relaxed);
    store->synced_ns = store_now_ns();
    count(&store->counters.tickets, tickets);
    if (tickets > most)
        atomic_store_explicit(&store->counters.group_max, tickets, memory_order_relaxed);
    atomic_store(&store->synced, group);
    if (atomic_load(&store->wanted) > before)
        store->on_change(store->on_change_arg);
}

/* Takes what is there as a group and writes it; syncs if somebody waits for it, or
 * if told to. */
static void flush(struct store *store, bool syncs)
{
    uint64_t group = atomic_load(&store->begun) + 1;
    atomic_store(&store->begun, group);
    struct chunk *chunks = take_all(store);
    syncs = syncs || atomic_load(&store->wanted) > atomic_load(&store->synced);
    if (store->journal.fd < 0 && store_now_ns() - store->begun_ns >= RETRY_MS * NS_PER_MS &&
        begin_segment(store))
        wish(store);
    if (store->journal.fd < 0) {
        count(&store->counters.lost_bytes, bytes_of(chunks));
        give_back(store, chunks);
        return;
    }
    int rc = write_group(store, chunks, syncs);
    give_back(store, chunks);
    if (rc != 0)
        enter_gap(store, rc);
    else if (syncs)
        finish_group(store, group);
}

/* ---- switching ---------------------------------------------------------------- */

/* Has all that was appended in the segments there are, and goes on in a new one. */
static void switch_segment(struct store *store)
{
    uint64_t number = store->next_number;
    flush(store, true);
    bool is_begun = store->next_number != number && store->journal.fd >= 0; /* by an error */
    uint64_t superseded = atomic_load(&store->counters.journal_bytes);
    if (!is_begun)
        is_begun = begin_segment(store);
    pthread_mutex_lock(&store->lock);
    store->switching = is_begun ? SWITCH_DONE : SWITCH_FAILED;
    if (is_begun) {
        store->switched_to = store->journal.number;
        store->superseded = superseded;
    }
    pthread_cond_signal(&store->switched);
    pthread_mutex_unlock(&store->lock);
}

/* ---- the thread --------------------------------------------------------------- */

/* When to look again, even if nobody asks. */
static uint64_t next_look_ns(const struct store *store)
{
    uint64_t interval = store->flush_interval_ms;
    if (interval == 0 || interval > WRITE_INTERVAL_MS)
        interval = WRITE_INTERVAL_MS;
    return store_now_ns() + interval * NS_PER_MS;
}

struct work {
    bool stops;
    bool switches;
};

/* Sleeps until there is work, or it is time. */
static struct work wait_for_work(struct store *store)
{
    uint64_t until = next_look_ns(store);
    const struct timespec at = { (time_t)(until / 1000000000u), (long)(until % 1000000000u) };
    int rc = 0;
    pthread_mutex_lock(&store->lock);
    while (!store->is_nudged && !store->is_stopping && store->switching != SWITCH_WANTED && rc == 0)
        rc = pthread_cond_timedwait(&store->wake, &store->lock, &at);
    struct work work = { store->is_stopping, store->switching == SWITCH_WANTED };
    store->is_nudged = false;
    pthread_mutex_unlock(&store->lock);
    return work;
}

static bool is_sync_due(const struct store *store)
{
    return store->flush_interval_ms != 0 &&
           store_now_ns() - store->synced_ns >= store->flush_interval_ms * NS_PER_MS;
}

/* Utters the wish for a snapshot where the journal is long enough, or nothing is
 * durable until there is one. */
static void look_for_wish(struct store *store)
{
    bool is_needed = atomic_load(&store->is_degraded) && store->journal.fd >= 0;
    bool is_long = store_journal_bytes(store) >= atomic_load(&store->wish_bytes);
    if ((is_needed || is_long) && store_now_ns() - store->wished_ns >= WISH_AGAIN_MS * NS_PER_MS)
        wish(store);
}

void *flusher_run(void *arg)
{
    struct store *store = arg;
    struct work work;
    do {
        work = wait_for_work(store);
        if (work.switches)
            switch_segment(store);
        else
            flush(store, work.stops || is_sync_due(store));
        look_for_wish(store);
    } while (!work.stops);
    return NULL;
}
