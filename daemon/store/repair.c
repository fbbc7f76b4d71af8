#include "daemon/store/repair.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/store/crew.h"
#include "daemon/store/disk.h"
#include "daemon/store/failpoint.h"
#include "daemon/store/recover.h"
#include "daemon/store/snapshot.h"

#define FOLDER_BYTES (STORE_NAME_BYTES + sizeof "damaged-" + 12u)

/* A directory that is looked through. */
struct looking {
    const char *path;
    FILE *out;
    int directory;
    int lock;
    struct catalog *catalog;
    unsigned damages;
    struct recovery_result result;
    struct recovery_progress progress;
};

static void on_note(const struct recovery_note *note, void *arg)
{
    static const char *const what[] = {
        [RECOVERY_CUT] = "to be cut off",
        [RECOVERY_DAMAGED] = "damaged",
        [RECOVERY_ASIDE] = "counts for nothing",
    };
    struct looking *looking = arg;
    looking->damages += note->finding == RECOVERY_DAMAGED;
    fprintf(looking->out, "'%s' at offset %" PRIu64 ": %" PRIu64 " bytes, %s: %s\n", note->file,
            note->offset, note->bytes, what[note->finding], note->why);
}

static void look_end(struct looking *looking)
{
    catalog_free(looking->catalog);
    if (looking->lock >= 0)
        close(looking->lock);
    close(looking->directory);
}

/* Is there anything that a daemon may have left? */
static enum status check_not_empty(const struct looking *looking, struct error *err)
{
    const struct recovery_result *result = &looking->result;
    if (result->has_snapshot || result->segments > 0 || looking->damages > 0)
        return ST_OK;
    return error_set(err, ST_NOT_FOUND, "'%.512s' holds no journal and no snapshot", looking->path);
}

/* Reads all that is whole; nothing is held after a failure. open: how the directory is. */
static enum status look(struct looking *looking, const char *path, FILE *out,
                        enum status (*open)(const char *path, int *directory, int *lock,
                                            struct error *err),
                        struct error *err)
{
    const struct recovery_options options = {
        .path = path,
        .threads = CREW_MAX,
        .leaves_files = true,
        .saves = true,
        .on_note = on_note,
        .arg = looking,
        .progress = &looking->progress,
    };
    *looking = (struct looking){ .path = path, .out = out };
    enum status status = failpoint_init(err);
    if (status != ST_OK)
        return status;
    if (access(path, F_OK) != 0)
        return error_set(err, ST_NOT_FOUND, "cannot open '%.512s': %s", path, strerror(errno));
    status = open(path, &looking->directory, &looking->lock, err);
    if (status != ST_OK)
        return status;
    looking->catalog = catalog_new(UINT32_MAX, 0);
    status = looking->catalog == NULL ? error_nomem(err) : ST_OK;
    if (status == ST_OK)
        status = recover(looking->directory, looking->catalog, &options, &looking->result, err);
    if (status == ST_OK)
        status = check_not_empty(looking, err);
    if (status != ST_OK)
        look_end(looking);
    return status;
}

static void say_what_is_there(const struct looking *looking)
{
    struct table_usage usage = { 0 };
    catalog_usage(looking->catalog, &usage);
    fprintf(looking->out, "%" PRIu64 " tables, %" PRIu64 " keys\n", looking->result.tables,
            usage.keys);
}

enum status repair_verify(const char *path, FILE *out, bool *is_sound, struct error *err)
{
    struct looking looking;
    enum status status = look(&looking, path, out, directory_look, err);
    if (status != ST_OK)
        return status;
    *is_sound = looking.damages == 0;
    if (*is_sound)
        say_what_is_there(&looking);
    look_end(&looking);
    return ST_OK;
}

/* ---- salvaging ---------------------------------------------------------------- */

static void name_file(char out[STORE_NAME_BYTES], enum store_file kind, uint64_t number)
{
    if (kind == STORE_FILE_SEGMENT)
        store_segment_name(out, number);
    else
        store_snapshot_name(out, number);
}

static enum status cannot(const struct looking *looking, const char *what, const char *name, int rc,
                          struct error *err)
{
    return error_set(err, ST_INTERNAL, "cannot %s '%s' of '%.256s': %s", what, name, looking->path,
                     strerror(rc));
}

/* Calls visit with each file of a kind, and its number. */
static enum status each_file(const struct looking *looking, enum store_file kind,
                             enum status (*visit)(const struct looking *looking, const char *name,
                                                  uint64_t number, void *arg, struct error *err),
                             void *arg, struct error *err)
{
    struct directory_files files;
    enum status status = directory_list(looking->directory, kind, &files, err);
    if (status != ST_OK)
        return status;
    for (size_t i = 0; i < files.count && status == ST_OK; i++) {
        char name[STORE_NAME_BYTES];
        name_file(name, kind, files.numbers[i]);
        status = visit(looking, name, files.numbers[i], arg, err);
    }
    directory_files_release(&files);
    return status;
}

/* What there is before the snapshot is made, and where it is kept. */
struct originals {
    uint64_t last; /* the greatest number of a file */
    char folder[FOLDER_BYTES];
    int directory;
};

static enum status note_last(const struct looking *looking, const char *name, uint64_t number,
                             void *arg, struct error *err)
{
    struct originals *originals = arg;
    (void)looking;
    (void)name;
    (void)err;
    originals->last = number > originals->last ? number : originals->last;
    return ST_OK;
}

/* A second name in the folder: the first goes when the snapshot is there. */
static enum status keep(const struct looking *looking, const char *name, uint64_t number, void *arg,
                        struct error *err)
{
    const struct originals *originals = arg;
    (void)number;
    if (linkat(looking->directory, name, originals->directory, name, 0) != 0)
        return cannot(looking, "keep", name, errno, err);
    return ST_OK;
}

static enum status take_away(const struct looking *looking, const char *name, uint64_t number,
                             void *arg, struct error *err)
{
    const struct originals *originals = arg;
    int rc = number <= originals->last ? disk_remove(looking->directory, name) : 0;
    return rc == 0 ? ST_OK : cannot(looking, "move", name, rc, err);
}

static enum status each_original(const struct looking *looking, struct originals *originals,
                                 enum status (*visit)(const struct looking *looking,
                                                      const char *name, uint64_t number, void *arg,
                                                      struct error *err),
                                 struct error *err)
{
    enum status status = each_file(looking, STORE_FILE_SNAPSHOT, visit, originals, err);
    if (status == ST_OK)
        status = each_file(looking, STORE_FILE_SEGMENT, visit, originals, err);
    return status;
}

/* Makes a folder of its own: what an earlier repair kept is never touched. */
static enum status open_folder(const struct looking *looking, struct originals *originals,
                               struct error *err)
{
    unsigned n = 1;
    snprintf(originals->folder, sizeof originals->folder, "damaged-%016" PRIx64,
             originals->last + 1);
    while (mkdirat(looking->directory, originals->folder, 0700) != 0) {
        if (errno != EEXIST)
            return cannot(looking, "make", originals->folder, errno, err);
        snprintf(originals->folder, sizeof originals->folder, "damaged-%016" PRIx64 ".%u",
                 originals->last + 1, ++n);
    }
    originals->directory =
        openat(looking->directory, originals->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return originals->directory >= 0 ? ST_OK
                                     : cannot(looking, "open", originals->folder, errno, err);
}

/* In this order: whatever moment a crash comes at, either the files are there or the
 * snapshot is. */
static enum status replace_files(const struct looking *looking, struct originals *originals,
                                 struct error *err)
{
    struct snapshot_result made;
    enum status status = each_original(looking, originals, keep, err);
    int rc = status == ST_OK ? disk_sync_directory(originals->directory) : 0;
    if (rc != 0)
        status = cannot(looking, "sync", originals->folder, rc, err);
    if (status == ST_OK)
        status = snapshot_take(looking->catalog, looking->directory, originals->last + 1, 0, NULL,
                               &made, err);
    if (status == ST_OK)
        status = each_original(looking, originals, take_away, err);
    rc = status == ST_OK ? disk_sync_directory(looking->directory) : 0;
    return rc == 0 ? status : cannot(looking, "sync", ".", rc, err);
}

static enum status salvage(const struct looking *looking, struct error *err)
{
    struct originals originals = { .last = 0 };
    enum status status = each_original(looking, &originals, note_last, err);
    if (status == ST_OK)
        status = open_folder(looking, &originals, err);
    if (status != ST_OK)
        return status;
    status = replace_files(looking, &originals, err);
    close(originals.directory);
    if (status == ST_OK)
        fprintf(looking->out, "the files as they were are in '%s/%s'; kept: ", looking->path,
                originals.folder);
    return status;
}

enum status repair_salvage(const char *path, FILE *out, struct error *err)
{
    struct looking looking;
    enum status status = look(&looking, path, out, directory_open, err);
    if (status != ST_OK)
        return status;
    if (looking.damages > 0)
        status = salvage(&looking, err);
    else
        fputs("nothing is damaged: ", out);
    if (status == ST_OK)
        say_what_is_there(&looking);
    look_end(&looking);
    return status;
}
