#include "daemon/server/pressure.h"

#include "daemon/server/connection.h"
#include "daemon/server/context.h"
#include "daemon/server/loop.h"
#include "daemon/server/session_impl.h"
#include "daemon/store/store.h"

bool pressure_waits(struct session *session)
{
    struct loop *loop = session->loop;

    if (session->waits_for_room)
        return true;
    if (session->context->store == NULL || !store_is_behind(session->context->store))
        return false;
    session->waits_for_room = true;
    session->next_waiting = loop->waiting_for_room;
    loop->waiting_for_room = session;
    session->connection->jobs++;
    loop->jobs++;
    stats_add(&loop->stats, COUNTER_JOURNAL_PAUSES, 1);
    return true;
}

void pressure_release(struct loop *loop)
{
    struct session *session = loop->waiting_for_room;

    if (session == NULL || store_is_behind(loop->context->store))
        return;
    loop->waiting_for_room = NULL;
    while (session != NULL) {
        struct session *next = session->next_waiting;
        session->waits_for_room = false;
        loop->jobs--;
        connection_job_done(session->connection);
        session = next;
    }
}
