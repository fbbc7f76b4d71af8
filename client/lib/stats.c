#include <string.h>

#include "client/lib/client.h"

struct stats {
    cardinal_stats public; /* first: the caller's pointer is to it */
    struct arena *arena;   /* holds this too, and the reply */
};

void cardinal_stats_free(cardinal_stats *stats)
{
    if (stats != NULL)
        arena_free(((struct stats *)stats)->arena);
}

/* A result in the reply's own arena, whose strings it points to. */
static struct stats *stats_make(struct arena *arena, const Cardinal__V1__StatsReply *reply)
{
    struct stats *stats = arena_array(arena, 1, sizeof *stats);
    cardinal_stat *figures = arena_array(arena, reply->n_stats, sizeof *figures);
    if (stats == NULL || figures == NULL)
        return NULL;
    for (size_t i = 0; i < reply->n_stats; i++)
        figures[i] = (cardinal_stat){ reply->stats[i]->name, reply->stats[i]->value };
    stats->arena = arena;
    stats->public =
        (cardinal_stats){ .version = reply->version, .stats = figures, .count = reply->n_stats };
    return stats;
}

cardinal_status cardinal_stats_get(cardinal_client *client, cardinal_stats **out)
{
    Cardinal__V1__Stats message = CARDINAL__V1__STATS__INIT;
    struct call call;
    cardinal_status status =
        client_ask(client, CARDINAL__V1__REQUEST__BODY_STATS, &message.base, &call);
    if (status != CARDINAL_OK)
        return status;
    struct stats *stats = stats_make(call.arena, call.reply->stats);
    if (stats == NULL) {
        call_release(&call);
        return client_nomem(client);
    }
    call.arena = NULL;
    call_release(&call);
    *out = &stats->public;
    return CARDINAL_OK;
}

uint64_t cardinal_stats_value(const cardinal_stats *stats, const char *name)
{
    for (size_t i = 0; i < stats->count; i++) {
        if (strcmp(stats->stats[i].name, name) == 0)
            return stats->stats[i].value;
    }
    return 0;
}
