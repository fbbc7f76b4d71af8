/* folders: data folders that a test copies and spoils. What goes wrong fails the test. */
#ifndef CARDINAL_TESTS_CRASH_FOLDERS_H
#define CARDINAL_TESTS_CRASH_FOLDERS_H

#include <sys/types.h>

#define PATH_SIZE 320u

void path_in(const char *folder, const char *name, char out[PATH_SIZE]);
off_t size_of(const char *folder, const char *name);

/* Calls visit with the name of each entry of the folder but hidden ones. */
void each_entry(const char *folder, void (*visit)(const char *name, void *arg), void *arg);

/* Makes a copy of a folder of files, in place of what is there. */
void copy_folder(const char *from, const char *to);

/* Turns one bit of a file over. */
void flip(const char *folder, const char *name, off_t offset, unsigned bit);

#endif
