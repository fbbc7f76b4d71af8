#include "tests/crash/power_cut.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SIZE 64u
#define GRAVE_SIZE 256u
#define FILES_MAX 8192u
#define STEPS_MAX 8192u

/* A file that the log speaks of. */
struct file {
    char name[NAME_SIZE];
    long long synced_bytes;
    bool is_there;
};

/* What was done to a name since the folder was synced. */
struct step {
    enum { STEP_CREATE, STEP_RENAME, STEP_UNLINK } kind;
    size_t file;
    char from[NAME_SIZE];   /* of a rename */
    char grave[GRAVE_SIZE]; /* of an unlink: where its content is */
};

struct disk {
    const char *folder;
    struct file files[FILES_MAX];
    size_t file_count;
    struct step steps[STEPS_MAX];
    size_t step_count;
};

static void path_of(const struct disk *disk, const char *name, char out[PATH_MAX])
{
    ck_assert_int_lt(snprintf(out, PATH_MAX, "%s/%s", disk->folder, name), PATH_MAX);
}

/* The file of that name, which is new to the log where there is none. */
static size_t find_file(struct disk *disk, const char *name)
{
    for (size_t i = disk->file_count; i-- > 0;) {
        if (disk->files[i].is_there && strcmp(disk->files[i].name, name) == 0)
            return i;
    }
    ck_assert_uint_lt(disk->file_count, FILES_MAX);
    struct file *file = &disk->files[disk->file_count];
    snprintf(file->name, sizeof file->name, "%s", name);
    file->is_there = true;
    file->synced_bytes = LLONG_MAX; /* it is older than the log, unless that says otherwise */
    return disk->file_count++;
}

static struct step *add_step(struct disk *disk, size_t file)
{
    ck_assert_uint_lt(disk->step_count, STEPS_MAX);
    struct step *step = &disk->steps[disk->step_count++];
    step->file = file;
    return step;
}

/* ---- reading the log -------------------------------------------------- */

static bool is_on_disk(const struct disk *disk, const char *name)
{
    char path[PATH_MAX];
    path_of(disk, name, path);
    return access(path, F_OK) == 0;
}

/* The last step did not come about. */
static void take_back(struct disk *disk)
{
    ck_assert_uint_gt(disk->step_count, 0);
    const struct step *step = &disk->steps[--disk->step_count];
    struct file *file = &disk->files[step->file];
    if (step->kind == STEP_RENAME)
        memcpy(file->name, step->from, sizeof file->name);
    else if (step->kind == STEP_UNLINK)
        unlink(step->grave);
    file->is_there = step->kind != STEP_CREATE;
}

/* The last line was a step, before which the daemon may have been killed; has it come? */
static bool check_last(struct disk *disk)
{
    const struct step *step = &disk->steps[disk->step_count - 1];
    const char *name = disk->files[step->file].name;
    bool has_come = step->kind == STEP_CREATE   ? is_on_disk(disk, name)
                    : step->kind == STEP_UNLINK ? !is_on_disk(disk, name)
                                                : !is_on_disk(disk, step->from);
    if (!has_come)
        take_back(disk);
    return has_come;
}

static void read_line(struct disk *disk, const char *line)
{
    char name[NAME_SIZE];
    char other[GRAVE_SIZE];
    long long bytes;
    if (sscanf(line, "create %63s", name) == 1) {
        size_t file = find_file(disk, name);
        disk->files[file].synced_bytes = 0;
        add_step(disk, file)->kind = STEP_CREATE;
    } else if (sscanf(line, "rename %63s %255s", name, other) == 2) {
        size_t file = find_file(disk, name);
        struct step *step = add_step(disk, file);
        step->kind = STEP_RENAME;
        snprintf(step->from, sizeof step->from, "%s", name);
        snprintf(disk->files[file].name, NAME_SIZE, "%.63s", other);
    } else if (sscanf(line, "unlink %63s %255s", name, other) == 2) {
        size_t file = find_file(disk, name);
        struct step *step = add_step(disk, file);
        step->kind = STEP_UNLINK;
        snprintf(step->grave, sizeof step->grave, "%s", other);
        disk->files[file].is_there = false;
    } else if (sscanf(line, "sync %lld %63s", &bytes, name) == 2) {
        disk->files[find_file(disk, name)].synced_bytes = bytes;
    } else if (strcmp(line, "failed\n") == 0) {
        take_back(disk);
    } else if (strcmp(line, "folder\n") == 0) {
        for (size_t i = 0; i < disk->step_count; i++) {
            if (disk->steps[i].kind == STEP_UNLINK)
                unlink(disk->steps[i].grave);
        }
        disk->step_count = 0;
    } else {
        ck_abort_msg("disk_shim logged '%s'", line);
    }
}

/* Whether the last line is of a step that did not come about, which is passed over. */
static bool read_log(struct disk *disk, const char *log)
{
    char line[NAME_SIZE + GRAVE_SIZE + 32];
    size_t before = 0;
    FILE *file = fopen(log, "r");
    if (file == NULL)
        return false;
    while (fgets(line, sizeof line, file) != NULL) {
        before = disk->step_count;
        read_line(disk, line);
    }
    fclose(file);
    return disk->step_count > before && !check_last(disk);
}

/* ---- cutting ---------------------------------------------------------- */

static void undo(struct disk *disk, const struct step *step)
{
    struct file *file = &disk->files[step->file];
    char path[PATH_MAX];
    char from[PATH_MAX];
    path_of(disk, file->name, path);
    switch (step->kind) {
    case STEP_CREATE:
        ck_assert_int_eq(unlink(path), 0);
        file->is_there = false;
        break;
    case STEP_RENAME:
        path_of(disk, step->from, from);
        ck_assert_int_eq(rename(path, from), 0);
        snprintf(file->name, sizeof file->name, "%s", step->from);
        break;
    case STEP_UNLINK:
        ck_assert_int_eq(rename(step->grave, path), 0);
        file->is_there = true;
        break;
    }
}

/* Of the bytes that were not synced some may be there, or their place. */
static void cut_file(const struct disk *disk, const struct file *file, struct dice *dice)
{
    char path[PATH_MAX];
    struct stat status;
    path_of(disk, file->name, path);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ck_assert_msg(fd >= 0, "cannot open '%s': %s", path, strerror(errno));
    ck_assert_int_eq(fstat(fd, &status), 0);
    if (status.st_size > file->synced_bytes) {
        unsigned loose = (unsigned)(status.st_size - file->synced_bytes);
        off_t kept = file->synced_bytes;
        if (dice_percent(dice, 50))
            kept += (off_t)dice_below(dice, loose);
        ck_assert_int_eq(ftruncate(fd, kept), 0);
        if (dice_percent(dice, 30))
            ck_assert_int_eq(ftruncate(fd, status.st_size), 0);
    }
    close(fd);
}

void power_went_on(const char *folder, const char *log)
{
    struct disk *disk = calloc(1, sizeof *disk);
    ck_assert_ptr_nonnull(disk);
    disk->folder = folder;
    if (read_log(disk, log)) {
        FILE *file = fopen(log, "a");
        ck_assert_ptr_nonnull(file);
        ck_assert_int_ge(fputs("failed\n", file), 0);
        ck_assert_int_eq(fclose(file), 0);
    }
    free(disk);
}

void power_cut(const char *folder, const char *log, struct dice *dice)
{
    struct disk *disk = calloc(1, sizeof *disk);
    ck_assert_ptr_nonnull(disk);
    disk->folder = folder;
    (void)read_log(disk, log);
    size_t kept = dice_below(dice, (unsigned)disk->step_count + 1);
    for (size_t i = disk->step_count; i-- > kept;)
        undo(disk, &disk->steps[i]);
    for (size_t i = 0; i < kept; i++) {
        if (disk->steps[i].kind == STEP_UNLINK)
            unlink(disk->steps[i].grave);
    }
    for (size_t i = 0; i < disk->file_count; i++) {
        if (disk->files[i].is_there)
            cut_file(disk, &disk->files[i], dice);
    }
    free(disk);
    power_forget(log);
}

void power_forget(const char *log)
{
    ck_assert(unlink(log) == 0 || errno == ENOENT);
}
