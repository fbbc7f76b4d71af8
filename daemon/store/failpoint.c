#include "daemon/store/failpoint.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VARIABLE "CARDINALD_FAILPOINT"
#define ACTION_KILL (-2)
#define ACTION_SLOW (-3)
#define SLOW_SECONDS 2u

static const char *const names[FAILPOINT_COUNT] = {
#define FAILPOINT_NAME(upper, name) (name),
    FAILPOINT_MAP(FAILPOINT_NAME)
#undef FAILPOINT_NAME
};

/* What was asked for; written before the first thread. */
static struct {
    enum failpoint point;
    unsigned long nth;
    bool repeats;
    int action;
    atomic_ulong passed;
} armed;

bool failpoint_is_armed;

const char *failpoint_name(enum failpoint point)
{
    return names[point];
}

static bool parse_point(const char *text, size_t len)
{
    for (unsigned i = 0; i < FAILPOINT_COUNT; i++) {
        if (strlen(names[i]) == len && memcmp(names[i], text, len) == 0) {
            armed.point = (enum failpoint)i;
            return true;
        }
    }
    return false;
}

static bool parse_action(const char *text)
{
    static const struct {
        const char *name;
        int action;
    } actions[] = {
        { "", ACTION_KILL },   { ":kill", ACTION_KILL }, { ":eio", EIO },
        { ":enospc", ENOSPC }, { ":slow", ACTION_SLOW }, { ":short", FAILPOINT_SHORT },
    };
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (strcmp(actions[i].name, text) == 0) {
            armed.action = actions[i].action;
            return true;
        }
    }
    return false;
}

enum status failpoint_init(struct error *err)
{
    const char *text = getenv(VARIABLE);
    if (text == NULL)
        return ST_OK;
    const char *colon = strchr(text, ':');
    char *end = NULL;
    if (colon != NULL && parse_point(text, (size_t)(colon - text))) {
        armed.nth = strtoul(colon + 1, &end, 10);
        armed.repeats = *end == '+';
        end += armed.repeats;
    }
    if (end == NULL || armed.nth == 0 || !parse_action(end))
        return error_set(err, ST_INVALID_ARGUMENT, "bad %s '%.64s'", VARIABLE, text);
    atomic_store(&armed.passed, 0);
    failpoint_is_armed = true;
    return ST_OK;
}

int failpoint_pass_armed(enum failpoint point)
{
    if (point != armed.point)
        return 0;
    unsigned long passed = atomic_fetch_add(&armed.passed, 1) + 1;
    if (armed.repeats ? passed < armed.nth : passed != armed.nth)
        return 0;
    if (armed.action == ACTION_KILL)
        kill(getpid(), SIGKILL);
    if (armed.action == ACTION_SLOW) {
        sleep(SLOW_SECONDS);
        return 0;
    }
    return armed.action;
}
