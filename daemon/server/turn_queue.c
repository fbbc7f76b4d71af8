#include "daemon/server/turn_queue.h"

#include <assert.h>

#include "daemon/server/connection.h"

void turn_queue_add(struct turn_queue *queue, struct connection *connection)
{
    assert(!connection->queued);
    connection->queued = true;
    connection->next_turn = NULL;
    if (queue->last != NULL)
        queue->last->next_turn = connection;
    else
        queue->first = connection;
    queue->last = connection;
    queue->count++;
}

struct connection *turn_queue_take(struct turn_queue *queue)
{
    struct connection *connection = queue->first;

    queue->first = connection->next_turn;
    if (queue->first == NULL)
        queue->last = NULL;
    queue->count--;
    connection->queued = false;
    return connection;
}
