#include <assert.h>
#include <string.h>

#include "daemon/wire/page_token.h"
#include "daemon/wire/reply.h"
#include "daemon/wire/reply_estimates.h"
#include "daemon/wire/reply_frame.h"
#include "daemon/wire/reply_table.h"
#include "proto/frame.h"

enum { SCAN_NEXT_PAGE_TOKEN = 3 };
enum { LIST_TABLES = 1, LIST_NEXT_PAGE_TOKEN = 2 };
enum { EXPORT_SKETCHES = 1, EXPORT_NEXT_PAGE_TOKEN = 2 };
enum { SKETCH_KEY = 1, SKETCH_BYTES = 2 }; /* fields of KeySketch */

#define LIKELY_PAGE 100000u /* bytes: the length of 16 KiB to 2 MiB takes as many bytes */
#define LENGTH_GROWTH 2u    /* bytes that a longer page's length takes on top */

static void begin(struct reply_page *page, const struct reply_to *to, enum request_kind kind,
                  uint32_t max_bytes)
{
    *page = (struct reply_page){
        .max_frame = to->max_frame,
        .max_bytes = max_bytes == 0 ? to->max_frame : max_bytes,
    };
    reply_frame_begin(&page->frame, to, kind, LIKELY_PAGE);
}

/* After what begin wrote: leaves the page open, or reports and takes it back. */
static enum status begun(struct reply_page *page, struct error *err)
{
    return page->frame.w.status == ST_OK ? ST_OK : reply_frame_end(&page->frame, err);
}

/* May an item of this size come in? last_len: bytes that the token of the page
 * after it would carry. On PAGE_ADDED there is memory for both. */
static enum page_result admit(struct reply_page *page, size_t item, size_t last_len)
{
    const struct outbuf *out = page->frame.w.out;
    size_t token = PAGE_TOKEN_MIN + last_len;
    size_t rest = item + 1 + varint_size(token) + token + LENGTH_GROWTH;
    size_t payload = out->len - page->frame.start - FRAME_HEADER_BYTES + rest;
    if (payload > page->max_frame)
        return page->items == 0 ? PAGE_TOO_WIDE : PAGE_FULL;
    if (payload > page->max_bytes && page->items > 0)
        return PAGE_FULL;
    if (outbuf_reserve(page->frame.w.out, rest) != ST_OK)
        return PAGE_NOMEM;
    page->items++;
    return PAGE_ADDED;
}

enum status reply_scan_begin(struct reply_page *page, const struct reply_to *to,
                             const struct reply_columns *columns, uint32_t max_bytes,
                             struct error *err)
{
    begin(page, to, REQUEST_SCAN, max_bytes);
    page->columns = columns->count;
    page->token_field = SCAN_NEXT_PAGE_TOKEN;
    columns_write(&page->frame.w, REPLY_COLUMNS, columns);
    return begun(page, err);
}

enum status reply_top_begin(struct reply_page *page, const struct reply_to *to,
                            const struct reply_columns *column, struct error *err)
{
    begin(page, to, REQUEST_TOP, 0);
    page->columns = column->count;
    columns_write(&page->frame.w, REPLY_COLUMNS, column);
    return begun(page, err);
}

enum page_result reply_scan_key(struct reply_page *page, struct bytes_view key,
                                const struct estimate *estimates)
{
    enum page_result result = admit(page, key_estimates_size(key, true, page->columns), key.len);
    if (result == PAGE_ADDED)
        key_estimates_write(&page->frame.w, key, true, estimates, page->columns);
    return result;
}

enum status reply_list_tables_begin(struct reply_page *page, const struct reply_to *to,
                                    struct error *err)
{
    begin(page, to, REQUEST_LIST_TABLES, 0);
    page->token_field = LIST_NEXT_PAGE_TOKEN;
    return begun(page, err);
}

enum page_result reply_list_tables_table(struct reply_page *page, const struct table_reply *table)
{
    enum page_result result = admit(page, table_reply_size(table), strlen(table->name));
    if (result == PAGE_ADDED)
        table_reply_write(&page->frame.w, LIST_TABLES, table);
    return result;
}

enum status reply_export_begin(struct reply_page *page, const struct reply_to *to,
                               uint32_t max_bytes, struct error *err)
{
    begin(page, to, REQUEST_EXPORT, max_bytes);
    page->token_field = EXPORT_NEXT_PAGE_TOKEN;
    return begun(page, err);
}

static size_t bytes_field_size(struct bytes_view bytes)
{
    return bytes.len == 0 ? 0 : 1 + varint_size(bytes.len) + bytes.len;
}

enum page_result reply_export_sketch(struct reply_page *page, struct bytes_view key,
                                     struct bytes_view sketch)
{
    size_t body = bytes_field_size(key) + bytes_field_size(sketch);
    enum page_result result = admit(page, 1 + varint_size(body) + body, key.len);
    if (result != PAGE_ADDED)
        return result;
    struct writer_mark mark = writer_open(&page->frame.w, EXPORT_SKETCHES, body);
    writer_bytes(&page->frame.w, SKETCH_KEY, key);
    writer_bytes(&page->frame.w, SKETCH_BYTES, sketch);
    writer_close(&page->frame.w, mark);
    return result;
}

void reply_page_end(struct reply_page *page, struct bytes_view next_token)
{
    writer_bytes(&page->frame.w, page->token_field, next_token);
    enum status st = reply_frame_end(&page->frame, NULL);
    assert(st == ST_OK);
    (void)st;
}

void reply_page_abandon(struct reply_page *page)
{
    page->frame.w.out->len = page->frame.start;
}
