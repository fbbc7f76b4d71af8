#include "client/bench/target.h"

#include <stddef.h>

#include "client/bench/redis_address.h"

enum exit_status target_open(struct target *target, const struct settings *settings)
{
    bool is_redis = settings->server != NULL && redis_address_is_meant(settings->server);
    *target = (struct target){ .kind = is_redis ? &target_redis : &target_cardinal,
                               .settings = settings };
    return target->kind->open(target);
}

void target_close(struct target *target)
{
    if (target->state != NULL)
        target->kind->close(target);
}
