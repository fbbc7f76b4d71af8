/* directory: the data directory and the names of the files in it.
 *
 *      LOCK                  held by the daemon that uses it, with its pid
 *      journal-%016x         segments (segment.h), numbered from 1
 *      snapshot-%016x        number N: all that the segments before N hold
 *      snapshot-%016x.tmp    one being written
 *
 * Recovery takes the newest whole snapshot N and the segments from N on.
 *
 * Thread safety: nothing here has state of its own. */
#ifndef CARDINAL_STORE_DIRECTORY_H
#define CARDINAL_STORE_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/status.h"

#define STORE_NAME_BYTES 32u /* of a file's name, the NUL included */

void store_segment_name(char out[STORE_NAME_BYTES], uint64_t number);
void store_snapshot_name(char out[STORE_NAME_BYTES], uint64_t number);
void store_snapshot_tmp_name(char out[STORE_NAME_BYTES], uint64_t number);

enum store_file {
    STORE_FILE_OTHER, /* LOCK, and what is not ours */
    STORE_FILE_SEGMENT,
    STORE_FILE_SNAPSHOT,
    STORE_FILE_SNAPSHOT_TMP,
};

/* What a file's name says; *number is set unless it is another's. */
enum store_file store_file_parse(const char *name, uint64_t *number);

/* Opens the directory, made if there is none, and locks it; *lock is closed to give
 * it back. ST_FAILED_PRECONDITION: another daemon, which the message names, has it. */
enum status directory_open(const char *path, int *directory, int *lock, struct error *err);

/* Opens a directory that is there for who changes nothing in it: *lock is -1 if it never was
 * a daemon's, and is shared with others who look. ST_NOT_FOUND: there is none. */
enum status directory_look(const char *path, int *directory, int *lock, struct error *err);

/* The numbers of files of one kind, ascending. */
struct directory_files {
    uint64_t *numbers;
    size_t count;
};

/* Lists them; to be freed with directory_files_release(). */
enum status directory_list(int directory, enum store_file kind, struct directory_files *out,
                           struct error *err);
void directory_files_release(struct directory_files *files);

#endif
