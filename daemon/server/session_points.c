/* Points that come one key to a request, many to a read.
 *
 * Those at the front of the inbuf that ask for the same columns of a table are taken together:
 * the table is looked up once, the keys' memory is fetched ahead, and the answers are
 * written one behind the other. What is in any way unlike them, or wrong, is left where it is, to
 * be taken as any request is. */
#include "daemon/server/call.h"
#include "daemon/server/connection.h"
#include "daemon/server/context.h"
#include "daemon/server/loop.h"
#include "daemon/server/session_impl.h"
#include "daemon/server/table_view.h"
#include "daemon/wire/decode_points.h"
#include "proto/frame.h"

#define POINTS_MAX 64u            /* taken together */
#define POINTS_ESTIMATES_MAX 256u /* of them, all columns counted */
#define POINT_BODY_BYTES 2048u    /* of a request that is looked at here */

struct points {
    struct cardinality_request first;
    struct bytes_view prefix;
    size_t count;
    uint64_t ids[POINTS_MAX];
    struct bytes_view keys[POINTS_MAX];
    size_t ends[POINTS_MAX]; /* of their frames, in the inbuf */
};

/* Takes in the request whose frame ends there; false: it is not like those before it. */
static bool add_point(struct session *session, struct points *points, struct bytes_view payload,
                      size_t end)
{
    struct request_head head;
    struct error err;
    uint64_t left_ms;
    size_t at = points->count;

    if (request_peek(payload, &head, &err) != ST_OK || head.kind != REQUEST_CARDINALITY ||
        head.body.len > POINT_BODY_BYTES || !session_time_left(session, &head, &left_ms))
        return false;
    if (at == 0) {
        if (!decode_points(head.body, &session->context->decode_limits, &session->loop->arena,
                           &points->first) ||
            points->first.key_count != 1)
            return false;
        points->prefix = point_prefix(head.body);
        points->keys[0] = points->first.keys[0];
    } else if (!point_key(head.body, points->prefix, &points->keys[at])) {
        return false;
    }
    points->ids[at] = head.id;
    points->ends[at] = end;
    points->count++;
    return true;
}

static void collect_points(struct session *session, struct points *points)
{
    const struct inbuf *in = &session->connection->in;
    struct bytes_view payload;
    size_t at = 0;

    points->count = 0;
    while (points->count < POINTS_MAX &&
           frame_peek(inbuf_bytes(in) + at, inbuf_len(in) - at, session->context->limits.max_frame,
                      &payload.data, &payload.len) == FRAME_WHOLE) {
        at += FRAME_HEADER_BYTES + payload.len;
        if (!add_point(session, points, payload, at))
            break;
    }
}

/* Answers as many as may be at one time; how many: 0 without memory, or if an answer might
 * be too large. */
static size_t answer(struct session *session, const struct points *points, struct table *table,
                     struct column_set *columns)
{
    struct outbuf *out = &session->loop->out;
    struct estimate estimates[POINTS_ESTIMATES_MAX];
    bool found[POINTS_MAX];
    struct column_names names;
    struct point_reply reply;
    struct error err;
    size_t count = POINTS_ESTIMATES_MAX / columns->count;

    column_names_fill(&names, table, columns);
    if (count > points->count)
        count = points->count;
    if (point_reply_init(&reply, &names.reply, &session->loop->arena, &err) != ST_OK ||
        point_reply_max(&reply) > session->context->limits.max_frame ||
        outbuf_reserve(out, count * point_reply_max(&reply)) != ST_OK)
        return 0;
    table_estimate_many(table, points->keys, count, columns, estimates, found);
    uint8_t *at = out->data + out->len;
    for (size_t i = 0; i < count; i++)
        at = point_reply_put(&reply, at, points->ids[i], found[i], estimates + i * columns->count);
    out->len = (size_t)(at - out->data);
    return count;
}

static size_t find_and_answer(struct session *session, const struct points *points)
{
    const struct cardinality_request *first = &points->first;
    struct call call = { .context = session->context };
    struct column_set columns;
    struct table *table = NULL;
    struct error err;

    if (call_find(&call, first->table, first->columns, first->column_count, &table, &columns,
                  &err) != ST_OK)
        return 0;
    size_t answered = answer(session, points, table, &columns);
    table_unref(table);
    return answered;
}

bool session_answer_points(struct session *session)
{
    struct loop *loop = session->loop;
    struct points points;
    size_t answered = 0;

    if (!session_takes_requests(session) ||
        order_ask(&session->order, REQUEST_CARDINALITY, session->context->limits.max_in_flight) !=
            ORDER_GO)
        return false;
    collect_points(session, &points);
    if (points.count > 0)
        answered = find_and_answer(session, &points);
    arena_reset(&loop->arena);
    if (answered == 0)
        return false;
    session->counted_pause = false;
    stats_add(&loop->stats, COUNTER_REQUESTS + (unsigned)REQUEST_CARDINALITY, answered);
    inbuf_consume(&session->connection->in, points.ends[answered - 1]);
    return true;
}
