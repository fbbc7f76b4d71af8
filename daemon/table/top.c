/* The keys with the most. */
#include <stdlib.h>
#include <string.h>

#include "daemon/memory/budget.h"
#include "daemon/table/admit.h"

/* A key that is among the most so far. */
struct member {
    struct estimate estimate;
    uint32_t place; /* of its bytes among the keys */
    uint32_t len;
};

/* The members, the least of them first, as a heap. Each has room for the longest
 * key, so that taking one in never moves or allocates memory under a lock. */
struct top {
    const struct sketch_shape *shape;
    const struct column_set *columns; /* one */
    struct member *members;
    uint8_t (*keys)[KEY_MAX_BYTES];
    size_t count;
    size_t limit;
};

static struct bytes_view member_key(const struct top *top, const struct member *member)
{
    return (struct bytes_view){ top->keys[member->place], member->len };
}

/* Does a come after b: is it less, or as much under a later key? */
static bool is_after(const struct top *top, const struct member *a, const struct member *b)
{
    if (a->estimate.value != b->estimate.value)
        return a->estimate.value < b->estimate.value;
    return key_compare(member_key(top, a), member_key(top, b)) > 0;
}

/* Lets member sink from the first of n places to where it belongs. */
static void sift_down(struct top *top, size_t n, struct member member)
{
    struct member *members = top->members;
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && is_after(top, &members[child + 1], &members[child]))
            child++;
        if (!is_after(top, &members[child], &member))
            break;
        members[at] = members[child];
    }
    members[at] = member;
}

static void sift_up(struct top *top, size_t at, struct member member)
{
    struct member *members = top->members;
    for (size_t parent; at > 0; at = parent) {
        parent = (at - 1) / 2;
        if (!is_after(top, &member, &members[parent]))
            break;
        members[at] = members[parent];
    }
    members[at] = member;
}

static void take_in(struct top *top, struct estimate estimate, struct bytes_view key)
{
    bool is_full = top->count == top->limit;
    struct member member = {
        .estimate = estimate,
        .place = is_full ? top->members[0].place : (uint32_t)top->count,
        .len = (uint32_t)key.len,
    };
    if (key.len > 0)
        memcpy(top->keys[member.place], key.data, key.len);
    if (is_full)
        sift_down(top, top->count, member);
    else
        sift_up(top, top->count++, member);
}

static void weigh_row(struct top *top, const struct row *row)
{
    const struct cell *cell = row_cell(row, top->columns->slots[0]);
    if (cell == NULL || cell->word == 0)
        return;
    struct estimate estimate = cell_estimate(cell, top->shape);
    if (top->count == top->limit) {
        const struct member *least = &top->members[0];
        if (estimate.value < least->estimate.value ||
            (estimate.value == least->estimate.value &&
             key_compare(row_key(row), member_key(top, least)) > 0))
            return;
    }
    take_in(top, estimate, row_key(row));
}

static enum status weigh_rows(const struct row *const *rows, uint32_t count, void *arg)
{
    for (uint32_t i = 0; i < count; i++)
        weigh_row(arg, rows[i]);
    return ST_OK;
}

/* Puts the members in order, the most first. */
static void sort(struct top *top)
{
    for (size_t n = top->count; n > 1; n--) {
        struct member least = top->members[0];
        sift_down(top, n - 1, top->members[n - 1]);
        top->members[n - 1] = least;
    }
}

static enum status find_top(struct table *table, const struct selector *selector, struct top *top,
                            struct column_set *columns, const struct task *task,
                            table_scan_visit *visit, void *arg)
{
    enum status status = ST_OK;
    top->members = malloc(top->limit * sizeof *top->members);
    top->keys = malloc(top->limit * sizeof *top->keys);
    if (top->members == NULL || top->keys == NULL)
        status = ST_RESOURCE_EXHAUSTED;
    if (status == ST_OK)
        status = table_select(table, selector, columns, task, HOLD_QUERY, weigh_rows, top);
    if (status == ST_OK) {
        sort(top);
        for (size_t i = 0; i < top->count; i++) {
            if (!visit(member_key(top, &top->members[i]), &top->members[i].estimate, arg))
                break;
        }
    }
    free(top->keys);
    free(top->members);
    return status;
}

enum status table_top(struct table *table, const struct selector *selector, size_t limit,
                      struct column_set *columns, const struct task *task, table_scan_visit *visit,
                      void *arg, struct error *err)
{
    struct top top = { .shape = &table->shape, .columns = columns, .limit = limit };
    if (limit == 0 || limit > TOP_KEYS_MAX)
        return error_set(err, ST_INVALID_ARGUMENT, "the top %zu are not 1 to %u", limit,
                         TOP_KEYS_MAX);
    size_t claimed = limit * (sizeof *top.members + sizeof *top.keys);
    enum status status = admit_claim(table, claimed, err);
    if (status != ST_OK)
        return status;
    status = find_top(table, selector, &top, columns, task, visit, arg);
    memory_unclaim(claimed);
    if (status == ST_RESOURCE_EXHAUSTED)
        return error_nomem(err);
    return status == ST_OK ? ST_OK : error_set(err, status, "top: %s", status_text((int)status));
}
