/* recovery_impl: what the files that recover share. */
#ifndef CARDINAL_STORE_RECOVERY_IMPL_H
#define CARDINAL_STORE_RECOVERY_IMPL_H

#include "daemon/store/bounds.h"
#include "daemon/store/crew.h"
#include "daemon/store/recover.h"
#include "daemon/table/restore.h"

/* A table under way, which is in no catalog yet. */
struct kept_table {
    uint64_t id;
    struct table *table;
};

struct recovery {
    const struct recovery_options *options;
    int directory;
    struct catalog *catalog;
    struct crew crew;
    struct bounds bounds;
    uint64_t snapshot_run;
    uint64_t next_table_id;    /* by the snapshot: tables below it that it has not were dropped */
    uint64_t next_seen_id;     /* beyond every id that was seen */
    struct kept_table *tables; /* by id; changed while no other thread looks */
    size_t count;
    size_t room;
    struct recovery_progress *progress;
    struct recovery_result result;
    pthread_mutex_t lock; /* guards failed, error, and calls of on_note */
    enum status failed;   /* ST_OK: nothing so far */
    struct error error;
};

/* The table of that id, or NULL. */
struct table *recovery_find(const struct recovery *recovery, uint64_t id);

/* The table as its image says: made, or altered if the image is a later one. */
enum status recovery_take_image(struct recovery *recovery, const struct table_image *image,
                                struct error *err);
/* Was the table dropped before the snapshot was begun? */
bool recovery_is_gone(const struct recovery *recovery, uint64_t id);
void recovery_drop(struct recovery *recovery, uint64_t id);
/* Puts all of them into the catalog. */
enum status recovery_admit(struct recovery *recovery, struct error *err);

/* Tells of something found in a file. */
void recovery_note(struct recovery *recovery, enum recovery_finding finding, const char *file,
                   uint64_t offset, uint64_t bytes, const char *why);

/* Damage: told, and ST_OK, where what is whole is saved; else the error that ends it. */
enum status recovery_damage(struct recovery *recovery, const char *file, uint64_t offset,
                            uint64_t bytes, const char *why, struct error *err);

/* Keeps the first error of any thread; the others see that there is one. */
void recovery_fail(struct recovery *recovery, enum status status, const struct error *err);
bool recovery_has_failed(struct recovery *recovery);

/* Loads the snapshot of that number. */
enum status recovery_load(struct recovery *recovery, uint64_t number, struct error *err);

/* ---- replay ---- */

struct replay;

/* NULL without memory. */
struct replay *replay_new(struct recovery *recovery);
void replay_free(struct replay *replay);

/* A new run begins: row ids and streams have another meaning from here on. */
void replay_begin_run(struct replay *replay, uint64_t run);

/* Applies the records of a block at an offset of a file. */
enum status replay_block(struct replay *replay, struct bytes_view payload, const char *file,
                         uint64_t offset, struct error *err);

#endif
