/* repair: looks through a data directory that no daemon uses, and saves what is whole
 * of one that is damaged.
 *
 * Thread safety: none. */
#ifndef CARDINAL_STORE_REPAIR_H
#define CARDINAL_STORE_REPAIR_H

#include <stdbool.h>
#include <stdio.h>

#include "proto/status.h"

/* Reads everything as a start would, changes nothing, and writes to `out` what there is
 * to say. *is_sound: a daemon would start. ST_NOT_FOUND: there is no such directory;
 * ST_FAILED_PRECONDITION: a daemon uses it, or a file is of a newer version. */
enum status repair_verify(const char *path, FILE *out, bool *is_sound, struct error *err);

/* Where something is damaged, makes a snapshot of what is whole, which takes the place of
 * all files there are; those go into a folder beside it. Says what was dropped. */
enum status repair_salvage(const char *path, FILE *out, struct error *err);

#endif
