/* Estimates of listed keys. */
#include <string.h>

#include "client/lib/counts.h"
#include "client/lib/estimates.h"
#include "client/lib/pending.h"
#include "client/lib/selector.h"

#define KEYS_AT_A_TIME 4096u
#define WIRE_BYTES_PER_KEY 16u      /* around a key, and around its estimates */
#define WIRE_BYTES_PER_ESTIMATE 12u /* a double and a float */

void cardinal_counts_free(cardinal_counts *counts)
{
    if (counts != NULL)
        arena_free(((struct counts *)counts)->arena);
}

struct counts *counts_new(struct arena *arena, size_t key_count)
{
    struct counts *counts = arena_array(arena, 1, sizeof *counts);
    if (counts == NULL)
        return NULL;
    counts->arena = arena;
    counts->rows = arena_array(arena, key_count, sizeof *counts->rows);
    counts->public.rows = counts->rows;
    counts->public.row_count = key_count;
    return counts->rows == NULL ? NULL : counts;
}

/* Puts the answer about n keys at counts->rows[at]. */
static enum estimates_result counts_take(struct counts *counts, size_t at, const cardinal_key *keys,
                                         size_t n, const char *const *asked, size_t asked_count,
                                         const Cardinal__V1__CardinalityReply *reply)
{
    struct estimates_columns columns;
    enum estimates_result result = estimates_columns(
        counts->arena, reply->columns, reply->n_columns, asked, asked_count, &columns);
    if (result != ESTIMATES_OK)
        return result;
    if (reply->n_keys != n)
        return ESTIMATES_BAD;
    counts->public.columns = columns.names;
    counts->public.column_count = columns.count;
    for (size_t i = 0; i < n && result == ESTIMATES_OK; i++)
        result = estimates_row(counts->arena, columns.count, keys[i], reply->keys[i],
                               &counts->rows[at + i]);
    return result;
}

struct question {
    Cardinal__V1__Cardinality message;
    struct selector_message selector;
};

static cardinal_status question_fill(struct question *question, const char *table,
                                     const cardinal_key *keys, size_t key_count,
                                     const char *const *columns, size_t column_count,
                                     struct fault *fault)
{
    cardinal_selector list = cardinal_select_keys(keys, key_count);
    cardinal__v1__cardinality__init(&question->message);
    question->message.table = (char *)table;
    question->message.columns = (char **)columns;
    question->message.n_columns = column_count;
    question->message.selector = &question->selector.selector;
    return selector_fill(&question->selector, &list, fault);
}

/* How many of the keys go into one request, so that neither it nor its answer
 * is over the cap of a frame. */
static size_t share(const struct cardinal_client *client, const cardinal_key *keys, size_t n,
                    size_t column_count, size_t most)
{
    size_t half = client->core.limits.max_frame / 2;
    size_t columns = column_count > 0 ? column_count : CARDINAL_COLUMNS_MAX;
    size_t per_answer = WIRE_BYTES_PER_KEY + columns * WIRE_BYTES_PER_ESTIMATE;
    size_t bytes = 0;
    size_t i = 0;
    while (i < n && i < most) {
        bytes += keys[i].len + WIRE_BYTES_PER_KEY;
        if (i > 0 && (bytes > half || (i + 1) * per_answer > half))
            break;
        i++;
    }
    return i;
}

static cardinal_status ask_share(struct cardinal_client *client, const char *table,
                                 const cardinal_key *keys, size_t n, const char *const *columns,
                                 size_t column_count, struct counts *counts, size_t at)
{
    struct question question;
    struct call call;
    cardinal_status status =
        question_fill(&question, table, keys, n, columns, column_count, &client->fault);
    if (status != CARDINAL_OK)
        return status;
    status =
        client_ask(client, CARDINAL__V1__REQUEST__BODY_CARDINALITY, &question.message.base, &call);
    selector_release(&question.selector);
    if (status != CARDINAL_OK)
        return status;
    status = estimates_status(
        client, counts_take(counts, at, keys, n, columns, column_count, call.reply->cardinality));
    call_release(&call);
    return status;
}

static cardinal_status ask_all(struct cardinal_client *client, const char *table,
                               const cardinal_key *keys, size_t key_count,
                               const char *const *columns, size_t column_count,
                               struct counts *counts)
{
    size_t most = KEYS_AT_A_TIME;
    size_t at = 0;
    do {
        size_t n = share(client, keys + at, key_count - at, column_count, most);
        cardinal_status status =
            ask_share(client, table, keys + at, n, columns, column_count, counts, at);
        if (status == CARDINAL_TOO_LARGE && n > 1) {
            most = n / 2;
            continue;
        }
        if (status != CARDINAL_OK)
            return status;
        /* "All" must mean the same columns in every part of the answer. */
        columns = counts->public.columns;
        column_count = counts->public.column_count;
        at += n;
    } while (at < key_count);
    return CARDINAL_OK;
}

cardinal_status cardinal_count(cardinal_client *client, const char *table, const cardinal_key *keys,
                               size_t key_count, const char *const *columns, size_t column_count,
                               cardinal_counts **out)
{
    struct arena *arena = arena_new(SIZE_MAX);
    struct counts *counts = arena == NULL ? NULL : counts_new(arena, key_count);
    if (counts == NULL) {
        arena_free(arena);
        return client_nomem(client);
    }
    cardinal_status status = ask_all(client, table, keys, key_count, columns, column_count, counts);
    if (status != CARDINAL_OK) {
        arena_free(arena);
        return status;
    }
    *out = &counts->public;
    return CARDINAL_OK;
}

static bool keep_keys(struct cardinal_pending *pending, const cardinal_key *keys, size_t key_count)
{
    cardinal_key *copy = arena_array(pending->arena, key_count, sizeof *copy);
    if (copy == NULL)
        return false;
    for (size_t i = 0; i < key_count; i++) {
        copy[i].len = keys[i].len;
        copy[i].data = arena_copy(pending->arena, keys[i].data, keys[i].len);
        if (copy[i].data == NULL)
            return false;
    }
    pending->keys = copy;
    pending->key_count = key_count;
    return true;
}

cardinal_status cardinal_count_start(cardinal_client *client, const char *table,
                                     const cardinal_key *keys, size_t key_count,
                                     const char *const *columns, size_t column_count,
                                     cardinal_pending **out)
{
    struct question question;
    struct cardinal_pending *pending = pending_new(client, columns, column_count);
    if (pending == NULL)
        return CARDINAL_ERR_MEMORY;
    cardinal_status status =
        question_fill(&question, table, keys, key_count, columns, column_count, &client->fault);
    if (status != CARDINAL_OK)
        goto err_after_pending;
    if (keep_keys(pending, keys, key_count))
        status =
            pending_send(pending, CARDINAL__V1__REQUEST__BODY_CARDINALITY, &question.message.base);
    else
        status = client_nomem(client);
    selector_release(&question.selector);
    if (status != CARDINAL_OK)
        goto err_after_pending;
    *out = pending;
    return CARDINAL_OK;
err_after_pending:
    cardinal_pending_drop(pending);
    return status;
}

cardinal_status cardinal_count_wait(cardinal_pending *pending, cardinal_counts **out)
{
    struct cardinal_client *client = pending->client;
    cardinal_status status = pending_wait(pending, CARDINAL__V1__REQUEST__BODY_CARDINALITY);
    if (status != CARDINAL_OK)
        return status;
    struct counts *counts = counts_new(pending->arena, pending->key_count);
    if (counts == NULL)
        status = client_nomem(client);
    else
        status = estimates_status(client, counts_take(counts, 0, pending->keys, pending->key_count,
                                                      pending->columns, pending->column_count,
                                                      pending->call.reply->cardinality));
    if (status == CARDINAL_OK) {
        pending->arena = NULL;
        *out = &counts->public;
    }
    cardinal_pending_drop(pending);
    return status;
}
