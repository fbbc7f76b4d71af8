/* Counts the users who saw each page. Takes the server from $CARDINAL_SERVER. */
#include <cardinal.h>
#include <stdio.h>

static int fail(const cardinal_client *client)
{
    fprintf(stderr, "count: %s\n", client != NULL ? cardinal_error(client) : "no server there");
    return 1;
}

int main(void)
{
    static const char *const columns[] = { "user" };
    static const cardinal_key pages[] = { { "/index", 6 }, { "/about", 6 } };
    cardinal_table_spec spec = CARDINAL_TABLE_SPEC_INIT;
    cardinal_client *client = NULL;
    cardinal_batch *batch;
    cardinal_counts *counts;
    spec.name = "visits";
    spec.columns = columns;
    spec.column_count = 1;
    spec.if_not_exists = true;
    if (cardinal_connect(NULL, &client, NULL) != CARDINAL_OK ||
        cardinal_table_create(client, &spec, NULL, NULL) != CARDINAL_OK ||
        cardinal_batch_open(client, "visits", columns, 1, NULL, &batch) != CARDINAL_OK)
        return fail(client);
    for (int visit = 0; visit < 1000; visit++) { /* 100 users of one page, 10 of the other */
        cardinal_batch_int(batch, pages[0].data, pages[0].len, 0, visit % 100);
        cardinal_batch_int(batch, pages[1].data, pages[1].len, 0, visit % 10);
    }
    if (cardinal_batch_flush(batch) != CARDINAL_OK || /* tells of any batch that failed */
        cardinal_count(client, "visits", pages, 2, NULL, 0, &counts) != CARDINAL_OK)
        return fail(client);
    for (size_t i = 0; i < counts->row_count; i++)
        printf("%s %.0f\n", (const char *)pages[i].data, counts->rows[i].estimates[0].value);
    cardinal_counts_free(counts);
    cardinal_batch_close(batch);
    cardinal_close(client);
    return 0;
}
