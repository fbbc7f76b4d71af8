/* memory_watch: holds the process to max_memory.
 *
 * The heap counts its own pages as they come and go; what everything else takes
 * is what the kernel says is resident beyond them, looked at now and then.
 *
 * Thread safety: any thread, one at a time. */
#ifndef CARDINAL_SERVER_MEMORY_WATCH_H
#define CARDINAL_SERVER_MEMORY_WATCH_H

#include <stdint.h>

/* Sets the limit; 0 stands for three quarters of the smaller of the machine's memory
 * and what its control group may take. */
void memory_watch_start(uint64_t max_memory);

/* Counts what is held besides the heap, and gives back what the heap and the C library
 * have free. */
void memory_watch_look(void);

/* The least limit in the files of a control group, UINT64_MAX without one. mounted
 * is where the groups' files are, group what /proc/self/cgroup says. */
uint64_t memory_watch_group_limit(const char *mounted, const char *group);

#endif
