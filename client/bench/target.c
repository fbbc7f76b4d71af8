#include "client/bench/target.h"

#include <stddef.h>

enum exit_status target_open(struct target *target, const struct settings *settings)
{
    *target = (struct target){ .kind = &target_cardinal, .settings = settings };
    return target->kind->open(target);
}

void target_close(struct target *target)
{
    if (target->state != NULL)
        target->kind->close(target);
}
