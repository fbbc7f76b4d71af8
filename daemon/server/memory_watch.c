#include "daemon/server/memory_watch.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "daemon/memory/budget.h"
#include "daemon/memory/heap.h"
#include "daemon/server/stats.h"

#define IDLE_BYTES_MIN ((uint64_t)128 << 10) /* of the heap's free pages, kept */
#define IDLE_BYTES_MAX ((uint64_t)4 << 20)
#define IDLE_USED_SHARE 64u /* of what is in use, kept between these */
#define IDLE_SHARE 64u      /* of max_memory, at most */
#define TRIM_EVERY_MS 2000u
#define TRIM_BYTES_MIN ((size_t)1 << 20)
#define LINE_MAX_BYTES 1024u

/* The number in a file; UINT64_MAX where there is none, or "max". */
static uint64_t read_limit(const char *path)
{
    uint64_t limit = UINT64_MAX;
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return UINT64_MAX;
    if (fscanf(file, "%" SCNu64, &limit) != 1)
        limit = UINT64_MAX;
    fclose(file);
    return limit;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Of the group and those it is in, up to the root. */
static uint64_t limit_upwards(const char *mounted, const char *group, const char *name)
{
    char path[2 * LINE_MAX_BYTES];
    uint64_t limit = UINT64_MAX;

    for (size_t len = strlen(group);; len--) {
        if (len == 0 || group[len] == '/' || group[len] == '\0') {
            snprintf(path, sizeof path, "%s%.*s/%s", mounted, (int)len, group, name);
            limit = lesser(limit, read_limit(path));
        }
        if (len == 0)
            return limit;
    }
}

uint64_t memory_watch_group_limit(const char *mounted, const char *group)
{
    char line[LINE_MAX_BYTES];
    char v1[LINE_MAX_BYTES];
    uint64_t limit = UINT64_MAX;
    FILE *file = fopen(group, "re");

    if (file == NULL)
        return limit;
    snprintf(v1, sizeof v1, "%s/memory", mounted);
    while (fgets(line, sizeof line, file) != NULL) {
        char *path = strrchr(line, ':');
        line[strcspn(line, "\n")] = '\0';
        if (path == NULL)
            continue;
        if (strncmp(line, "0::", 3) == 0)
            limit = lesser(limit, limit_upwards(mounted, path + 1, "memory.max"));
        else if (strstr(line, ":memory:") != NULL)
            limit = lesser(limit, limit_upwards(v1, path + 1, "memory.limit_in_bytes"));
    }
    fclose(file);
    return limit;
}

void memory_watch_start(uint64_t max_memory)
{
    if (max_memory == 0) {
        uint64_t machine = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
        uint64_t group = memory_watch_group_limit("/sys/fs/cgroup", "/proc/self/cgroup");
        max_memory = lesser(machine, group) / 4 * 3;
    }
    memory_set_max(max_memory);
    memory_watch_look();
}

/* Free pages that are kept, so that what comes and goes need not ask the kernel. */
static uint64_t idle_kept(void)
{
    uint64_t kept = IDLE_BYTES_MIN + heap_used_bytes() / IDLE_USED_SHARE;

    return lesser(memory_max() / IDLE_SHARE, lesser(kept, IDLE_BYTES_MAX));
}

/* What is resident besides the heap's pages. */
static uint64_t others(void)
{
    struct process_usage usage;
    uint64_t heap = heap_held_bytes();

    stats_process_usage(&usage);
    return usage.resident_bytes > heap ? usage.resident_bytes - heap : 0;
}

/* Has the C library give back what it keeps for later, where that is much. It holds
 * up who allocates meanwhile, so it is done now and then only. */
static void trim(uint64_t now_ms)
{
    static uint64_t trimmed_ms;

    if (now_ms - trimmed_ms < TRIM_EVERY_MS || mallinfo2().fordblks < TRIM_BYTES_MIN)
        return;
    malloc_trim(0);
    trimmed_ms = now_ms;
}

void memory_watch_look(void)
{
    heap_purge((size_t)idle_kept());
    trim(uv_hrtime() / 1000000u);
    memory_set_others(others());
}
