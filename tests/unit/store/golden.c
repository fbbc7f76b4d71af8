#include "tests/unit/store/golden.h"

#include <check.h>
#include <inttypes.h>

#define TABLES_MAX 16u
#define KEYS_MAX 10000u

/* Where a table's keys are written to. */
struct sheet {
    FILE *out;
    uint32_t columns;
};

static bool describe_key(struct bytes_view key, const struct estimate *estimates, void *arg)
{
    const struct sheet *sheet = arg;
    fprintf(sheet->out, "  key %.*s", (int)key.len, (const char *)key.data);
    for (uint32_t i = 0; i < sheet->columns; i++)
        fprintf(sheet->out, " %.12g +-%.12g", estimates[i].value, estimates[i].rse);
    fputc('\n', sheet->out);
    return true;
}

static void describe_table(struct table *table, FILE *out)
{
    static const struct selector all = { .kind = SELECTOR_ALL };
    struct table_info info;
    struct column_set columns;
    uint64_t digest;
    bool more;
    table_describe(table, &info);
    ck_assert_int_eq(table_digest(table, NULL, &digest), ST_OK);
    fprintf(out, "table %s id %" PRIu64 " precision %u hash %d seed %" PRIu64 " ack %d rollup %d\n",
            info.name, info.id, info.precision, (int)info.hash, info.seed, (int)table_ack(table),
            info.rollup);
    for (uint32_t i = 0; i < info.column_count; i++)
        fprintf(out, "  column %s id %u\n", info.columns[i].name, info.columns[i].id);
    fprintf(out, "  digest %016" PRIx64 " keys %" PRIu64 "\n", digest, info.keys);
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    struct sheet sheet = { out, columns.count };
    ck_assert_int_eq(
        table_scan(table, &all, NULL, KEYS_MAX, &columns, NULL, describe_key, &sheet, &more, NULL),
        ST_OK);
}

void golden_describe(struct catalog *catalog, FILE *out)
{
    struct table *tables[TABLES_MAX];
    size_t n = catalog_list(catalog, (struct bytes_view){ NULL, 0 }, NULL, TABLES_MAX, tables);
    for (size_t i = 0; i < n; i++) {
        describe_table(tables[i], out);
        table_unref(tables[i]);
    }
}
