/* make_golden DIR: writes a data directory that has a bit of everything: a snapshot with
 * cells of every form, and a journal behind it with every kind of record. */

#include "daemon/sketch/cell.h"
#include "daemon/store/keeper.h"
#include "daemon/store/store.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/store/golden.h"
#include "tests/unit/table/fixture.h"

#define PATH_BYTES 4096u

static const char *directory;
static struct store *store;
static struct keeper *keeper;
static struct catalog *catalog;

static void demand(enum status status, const struct error *err)
{
    ck_assert_msg(status == ST_OK, "%s", err->text);
}

static void begin(const char *path)
{
    const struct store_options options = { .path = path };
    struct error err;
    demand(store_open(&options, &store, &err), &err);
    catalog = catalog_new(10, 99);
    demand(keeper_new(store, catalog, 0, &keeper, &err), &err);
    demand(store_start(store, &err), &err);
    catalog_set_sink(catalog, store_sink(store));
}

static struct table *make_table(const struct table_spec *spec)
{
    struct table *table;
    struct error err;
    bool created;
    demand(catalog_create(catalog, spec, false, &table, &created, &err), &err);
    return table;
}

/* A cell of registers alone, few of them set. */
static void import(struct table *table, const char *key, uint8_t rank)
{
    struct column_set columns;
    struct cell cell = { 0 };
    struct error err;
    struct bytes_view column = view("visitors");
    bool changed;
    uint8_t ranks[1u << 8] = { [3] = rank, [200] = 1 };
    demand(table_find_columns(table, &column, 1, &columns, &err), &err);
    demand(cell_from_registers(&cell, table_shape(table), ranks), &err);
    demand(table_import(table, view(key), &columns, &cell, &changed, &err), &err);
    cell_release(&cell);
}

static void delete_key(struct table *table, const char *key)
{
    struct bytes_view name = view(key);
    const struct selector one = { .kind = SELECTOR_LIST, .list = &name, .list_count = 1 };
    struct error err;
    uint64_t deleted;
    demand(table_delete(table, &one, NULL, &deleted, &err), &err);
}

static void merge(struct table *table, const char *from, const char *into)
{
    struct bytes_view name = view(from);
    const struct selector one = { .kind = SELECTOR_LIST, .list = &name, .list_count = 1 };
    struct error err;
    uint64_t keys;
    uint64_t changes;
    demand(table_merge(table, &one, view(into), NULL, &keys, &changes, &err), &err);
}

static void alter(const char *name, const struct table_change *change)
{
    struct table *table;
    struct error err;
    demand(catalog_alter(catalog, view(name), change, &table, &err), &err);
    table_unref(table);
}

static void fill_before(struct table *pages, struct table *users)
{
    add_values(pages, view("one"), "visitors", 0, 1);
    add_values(pages, view("two"), "visitors", 0, 2);
    add_values(pages, view("array"), "visitors", 0, 9);
    add_values(pages, view("packed"), "visitors", 0, 45);
    add_values(pages, view("dense"), "visitors", 0, 5000);
    add_values(pages, view("gone"), "visitors", 0, 30);
    add_values(pages, view("dense"), "clicks", 7, 300);
    add_values(pages, view(""), "clicks", 1, 3);
    import(pages, "registers", 40);
    add_values(users, view("packed"), "devices", 0, 1200);
    add_values(users, view("bytes"), "devices", 0, 20000);
}

static void fill_behind(struct table *pages, struct table *users)
{
    struct bytes_view add = view("orders");
    struct bytes_view drop = view("clicks");
    add_values(pages, view("one"), "visitors", 100, 3);
    add_values(pages, view("new"), "visitors", 0, 20);
    import(pages, "registers", 50);
    merge(pages, "dense", "merged");
    delete_key(pages, "gone");
    add_values(pages, view("gone"), "visitors", 500, 4);
    alter("pages",
          &(struct table_change){ .add = &add, .add_count = 1, .drop = &drop, .drop_count = 1 });
    add_values(pages, view("new"), "orders", 0, 5);
    add_values(pages, view("dense"), "visitors", 5000, 5000);
    alter("users", &(struct table_change){ .rename_to = view("people") });
    add_values(users, view("bytes"), "devices", 20000, 5000);
}

START_TEST(make)
{
    struct bytes_view columns[] = { view("visitors"), view("clicks") };
    struct bytes_view devices = view("devices");
    char path[PATH_BYTES];
    struct error err;
    struct kept kept;
    begin(directory);
    struct table *pages = make_table(&(struct table_spec){ .name = view("pages"),
                                                           .columns = columns,
                                                           .column_count = 2,
                                                           .precision = 8,
                                                           .ack = ACK_DURABLE });
    struct table *users = make_table(&(struct table_spec){ .name = view("users"),
                                                           .columns = &devices,
                                                           .column_count = 1,
                                                           .precision = 12,
                                                           .hash = HASH_KIND_MURMUR64A,
                                                           .seed = 5,
                                                           .no_rollup = true });
    struct table *brief = make_table(
        &(struct table_spec){ .name = view("brief"), .columns = &devices, .column_count = 1 });
    add_values(brief, view("key"), "devices", 0, 1);
    fill_before(pages, users);
    demand(keeper_take(keeper, NULL, &kept, &err), &err);
    table_unref(brief);
    demand(catalog_drop(catalog, view("brief"), &err), &err);
    fill_behind(pages, users);
    snprintf(path, sizeof path, "%s/holds", directory);
    FILE *holds = fopen(path, "w");
    ck_assert_ptr_nonnull(holds);
    golden_describe(catalog, holds);
    fclose(holds);
    catalog_set_sink(catalog, NULL);
    keeper_stop(keeper);
    store_close(store);
    keeper_free(keeper);
    table_unref(pages);
    table_unref(users);
    catalog_free(catalog);
}
END_TEST

int main(int argc, char **argv)
{
    const TTest *const tests[] = { make }; /* what it calls makes assertions of libcheck */
    if (argc != 2) {
        fputs("usage: make_golden DIR\n", stderr);
        return 2;
    }
    directory = argv[1];
    return RUN_SUITE("make_golden", tests);
}
