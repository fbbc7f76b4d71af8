/* Keys in bytewise order, page by page.
 *
 * While the caller walks through one page, the request for the next is already
 * on its way. */
#include "client/lib/scan.h"

#include <stdlib.h>
#include <string.h>

#include "client/lib/clock.h"

#define KEYS_A_PAGE 4096u
#define BYTES_A_PAGE (256u << 10)

static cardinal_status ask_page(struct cardinal_scan *scan)
{
    uint32_t most_bytes = scan->client->core.limits.max_frame / 2;
    scan->message.limit = scan->left < KEYS_A_PAGE ? (uint32_t)scan->left : KEYS_A_PAGE;
    scan->message.max_bytes = most_bytes < BYTES_A_PAGE ? most_bytes : BYTES_A_PAGE;
    scan->message.page_token = (ProtobufCBinaryData){ scan->token.len, scan->token.data };
    if (call_init(&scan->next, CARDINAL__V1__REQUEST__BODY_SCAN, &scan->message.base) !=
        CARDINAL_OK)
        return client_nomem(scan->client);
    scan->expected = true;
    client_submit(scan->client, &scan->next);
    return CARDINAL_OK;
}

/* A copy of what the caller's selector points to. */
static bool keep_selector(struct arena *arena, cardinal_selector *selector)
{
    selector->a.data = arena_copy(arena, selector->a.data, selector->a.len);
    selector->b.data = arena_copy(arena, selector->b.data, selector->b.len);
    return selector->a.data != NULL && selector->b.data != NULL;
}

static cardinal_status fill(struct cardinal_scan *scan, const char *table,
                            cardinal_selector selector, const char *const *columns,
                            size_t column_count)
{
    char *table_copy = arena_copy(scan->arena, table, strlen(table));
    scan->asked = estimates_copy_names(scan->arena, columns, column_count);
    if (table_copy == NULL || scan->asked == NULL || !keep_selector(scan->arena, &selector))
        return client_nomem(scan->client);
    scan->asked_count = column_count;
    cardinal__v1__scan__init(&scan->message);
    scan->message.table = table_copy;
    scan->message.columns = (char **)scan->asked;
    scan->message.n_columns = column_count;
    scan->message.selector = &scan->selector.selector;
    return selector_fill(&scan->selector, &selector, &scan->client->fault);
}

cardinal_status cardinal_scan_open(cardinal_client *client, const char *table,
                                   const cardinal_selector *selector, const char *const *columns,
                                   size_t column_count, uint64_t limit, cardinal_scan **out)
{
    if (selector_is_list(selector))
        return client_fail(client, CARDINAL_ERR_USAGE,
                           "a scan takes a prefix, a range or all keys, not a list");
    struct arena *arena = arena_new(SIZE_MAX);
    struct cardinal_scan *scan = arena == NULL ? NULL : arena_array(arena, 1, sizeof *scan);
    if (scan == NULL) {
        arena_free(arena);
        return client_nomem(client);
    }
    scan->client = client;
    scan->arena = arena;
    scan->left = limit == 0 ? UINT64_MAX : limit;
    cardinal_status status = fill(scan, table, *selector, columns, column_count);
    if (status == CARDINAL_OK)
        status = ask_page(scan);
    if (status != CARDINAL_OK) {
        cardinal_scan_close(scan);
        return status;
    }
    *out = scan;
    return CARDINAL_OK;
}

void cardinal_scan_close(cardinal_scan *scan)
{
    if (scan == NULL)
        return;
    core_forget(&scan->client->core, &scan->next);
    call_release(&scan->next);
    bytes_release(&scan->token);
    bytes_release(&scan->last_key);
    arena_free(scan->page);
    arena_free(scan->arena);
}

static bool follows(const struct bytes *last, const ProtobufCBinaryData *key)
{
    size_t shorter = last->len < key->len ? last->len : key->len;
    int order = shorter == 0 ? 0 : memcmp(last->data, key->data, shorter);
    return order < 0 || (order == 0 && last->len < key->len);
}

static enum estimates_result take_rows(struct cardinal_scan *scan,
                                       const Cardinal__V1__ScanReply *reply)
{
    for (size_t i = 0; i < reply->n_keys; i++) {
        const Cardinal__V1__KeyEstimates *from = reply->keys[i];
        if (scan->begun && !follows(&scan->last_key, &from->key))
            return ESTIMATES_BAD;
        scan->begun = true;
        scan->last_key.len = 0;
        if (!bytes_reserve(&scan->last_key, from->key.len))
            return ESTIMATES_NOMEM;
        bytes_append(&scan->last_key, from->key.data, from->key.len);
        cardinal_key key = { from->key.data, from->key.len };
        enum estimates_result result =
            estimates_row(scan->page, scan->columns.count, key, from, &scan->rows[i]);
        if (result != ESTIMATES_OK)
            return result;
    }
    return ESTIMATES_OK;
}

/* "All columns" must mean the same ones on every page. */
static enum estimates_result pin_columns(struct cardinal_scan *scan)
{
    scan->asked = estimates_copy_names(scan->arena, scan->columns.names, scan->columns.count);
    if (scan->asked == NULL)
        return ESTIMATES_NOMEM;
    scan->asked_count = scan->columns.count;
    scan->message.columns = (char **)scan->asked;
    scan->message.n_columns = scan->asked_count;
    return ESTIMATES_OK;
}

/* Puts the page that came in scan->next in place of the one before. */
static enum estimates_result take_page(struct cardinal_scan *scan,
                                       const Cardinal__V1__ScanReply *reply)
{
    arena_free(scan->page);
    scan->columns = (struct estimates_columns){ 0 };
    scan->row_count = 0;
    scan->row_at = 0;
    scan->page = arena_new(SIZE_MAX);
    if (scan->page == NULL)
        return ESTIMATES_NOMEM;
    enum estimates_result result =
        estimates_columns(scan->page, reply->columns, reply->n_columns, scan->asked,
                          scan->asked_count, &scan->columns);
    if (result == ESTIMATES_OK && scan->asked_count == 0)
        result = pin_columns(scan);
    if (result != ESTIMATES_OK)
        return result;
    if (reply->n_keys > scan->message.limit)
        return ESTIMATES_BAD;
    scan->rows = arena_array(scan->page, reply->n_keys, sizeof *scan->rows);
    if (scan->rows == NULL)
        return ESTIMATES_NOMEM;
    result = take_rows(scan, reply);
    if (result == ESTIMATES_OK)
        scan->row_count = reply->n_keys;
    return result;
}

cardinal_status scan_turn_page(struct cardinal_scan *scan)
{
    struct cardinal_client *client = scan->client;
    scan->expected = false;
    cardinal_status status = client_wait(client, &scan->next);
    if (status != CARDINAL_OK)
        goto done;
    const Cardinal__V1__ScanReply *reply = scan->next.reply->scan;
    status = estimates_status(client, take_page(scan, reply));
    if (status != CARDINAL_OK)
        goto done;
    if (scan->left != UINT64_MAX)
        scan->left -= scan->row_count;
    bool more = reply->next_page_token.len > 0 && scan->left > 0;
    scan->token.len = 0;
    if (!bytes_reserve(&scan->token, reply->next_page_token.len)) {
        status = client_nomem(client);
        goto done;
    }
    bytes_append(&scan->token, reply->next_page_token.data, reply->next_page_token.len);
    call_release(&scan->next);
    return more ? ask_page(scan) : CARDINAL_OK;
done:
    call_release(&scan->next);
    return status;
}

cardinal_status cardinal_scan_next(cardinal_scan *scan, const cardinal_row **row)
{
    int64_t deadline = 0;
    while (scan->row_at == scan->row_count && scan->expected) {
        int64_t now = clock_ms();
        if (deadline == 0)
            deadline = now + scan->client->request_timeout_ms;
        scan->ended = now < deadline ? scan_turn_page(scan)
                                     : client_fail(scan->client, CARDINAL_ERR_TIMEOUT,
                                                   "only empty pages within %lld ms",
                                                   (long long)scan->client->request_timeout_ms);
        if (scan->ended != CARDINAL_OK)
            break;
    }
    if (scan->ended != CARDINAL_OK)
        return scan->ended;
    *row = scan->row_at < scan->row_count ? &scan->rows[scan->row_at++] : NULL;
    return CARDINAL_OK;
}

const char *const *cardinal_scan_columns(const cardinal_scan *scan, size_t *count)
{
    *count = scan->columns.count;
    return scan->columns.names;
}
