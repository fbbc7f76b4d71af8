#include "tests/unit/client/fake_answers.h"

struct bend bend;

/* Storage of one answer: what the reply points to until it is sent. */
static Cardinal__V1__KeyEstimates rows[FAKE_KEYS_MAX];
static Cardinal__V1__KeyEstimates *row_list[FAKE_KEYS_MAX];
static double values[FAKE_COLUMNS + 1];
static float errors[FAKE_COLUMNS + 1];
static char *names[] = { (char *)"a", (char *)"b", (char *)"c", (char *)"d" };

static size_t columns_of(size_t asked)
{
    return (asked == 0 ? FAKE_COLUMNS : asked) + (bend.add_a_column ? 1 : 0);
}

/* A row whose first estimate is value. */
static void fill_row(size_t i, size_t columns, double value)
{
    cardinal__v1__key_estimates__init(&rows[i]);
    for (size_t c = 0; c < columns; c++)
        values[c] = value;
    rows[i].found = true;
    rows[i].n_estimates = columns - (bend.lose_an_estimate ? 1 : 0);
    rows[i].n_rse = bend.lose_rse ? 0 : columns;
    rows[i].estimates = values;
    rows[i].rse = errors;
    row_list[i] = &rows[i];
}

static enum fake_action answer_count(const Cardinal__V1__Cardinality *asked,
                                     struct fake_reply *reply)
{
    size_t n = asked->selector->list->n_keys;
    size_t columns = columns_of(asked->n_columns);
    bend.counts++;
    if (bend.too_many_keys > 0 && n > bend.too_many_keys)
        return fake_error(reply, CARDINAL__V1__STATUS__STATUS_TOO_LARGE, "too many keys");
    for (size_t i = 0; i < n; i++)
        fill_row(i, columns, bend.infinite ? 1.0 / 0.0 : (double)n);
    reply->cardinality.n_columns = columns;
    reply->cardinality.columns = asked->n_columns > 0 ? asked->columns : names;
    if (bend.add_a_column)
        reply->cardinality.columns = names;
    reply->cardinality.n_keys = n - (bend.lose_a_row ? 1 : 0);
    reply->cardinality.keys = row_list;
    return bend.hold_first && bend.counts == 1 ? FAKE_HOLD : FAKE_ANSWER;
}

static enum fake_action answer_union(const Cardinal__V1__Union *asked, struct fake_reply *reply)
{
    size_t columns = columns_of(asked->n_columns);
    fill_row(0, columns, 7);
    reply->union_.keys = 3;
    reply->union_.n_columns = columns;
    reply->union_.columns = asked->n_columns > 0 && !bend.add_a_column ? asked->columns : names;
    reply->union_.n_estimates = rows[0].n_estimates;
    reply->union_.estimates = values;
    reply->union_.n_rse = rows[0].n_rse;
    reply->union_.rse = errors;
    return FAKE_ANSWER;
}

/* 10 keys, "0" to "9", 4 on a page; the token is the number to go on from. */
static enum fake_action answer_scan(const Cardinal__V1__Scan *asked, struct fake_reply *reply)
{
    static char digits[] = "0123456789";
    static uint8_t token;
    size_t from = asked->page_token.len == 0 ? 0 : asked->page_token.data[0];
    size_t n = 10 - from < 4 ? 10 - from : 4;
    size_t columns = columns_of(asked->n_columns);
    if (asked->limit < n)
        n = asked->limit;
    for (size_t i = 0; i < n; i++) {
        size_t digit = bend.descend ? 9 - from - i : from + i;
        fill_row(i, columns, 1);
        rows[i].key = (ProtobufCBinaryData){ 1, (uint8_t *)digits + digit };
    }
    reply->scan.n_columns = columns;
    reply->scan.columns = names;
    reply->scan.n_keys = n;
    reply->scan.keys = row_list;
    token = (uint8_t)(from + n);
    if (token < 10)
        reply->scan.next_page_token = (ProtobufCBinaryData){ 1, &token };
    return FAKE_ANSWER;
}

/* Tables t0, t1, t2, one on a page. */
static enum fake_action answer_list(const Cardinal__V1__ListTables *asked, struct fake_reply *reply)
{
    static char name[3] = "t0";
    static uint8_t token;
    static Cardinal__V1__TableInfo *list[1];
    size_t at = asked->page_token.len == 0 ? 0 : asked->page_token.data[0];
    name[1] = (char)('0' + (bend.descend ? 2 - at : at));
    reply->table.name = name;
    list[0] = &reply->table;
    reply->list.n_tables = 1;
    reply->list.tables = list;
    token = (uint8_t)(at + 1);
    if (token < 3)
        reply->list.next_page_token = (ProtobufCBinaryData){ 1, &token };
    return FAKE_ANSWER;
}

enum fake_action fake_answers(const Cardinal__V1__Request *request, struct fake_reply *reply,
                              int connection, void *arg)
{
    (void)connection;
    (void)arg;
    switch (request->body_case) {
    case CARDINAL__V1__REQUEST__BODY_CARDINALITY:
        return answer_count(request->cardinality, reply);
    case CARDINAL__V1__REQUEST__BODY_UNION:
        return answer_union(request->union_, reply);
    case CARDINAL__V1__REQUEST__BODY_SCAN:
        return answer_scan(request->scan, reply);
    case CARDINAL__V1__REQUEST__BODY_LIST_TABLES:
        return answer_list(request->list_tables, reply);
    default:
        return FAKE_ANSWER;
    }
}
