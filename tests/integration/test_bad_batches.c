/* Batches that must be refused whole. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/integration/harness/requests.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scene.h"

#define INVALID CARDINAL__V1__STATUS__STATUS_INVALID_ARGUMENT
#define PRECONDITION CARDINAL__V1__STATUS__STATUS_FAILED_PRECONDITION
#define TOO_LARGE CARDINAL__V1__STATUS__STATUS_TOO_LARGE

/* A batch of one good row that would change the table. */
static Cardinal__V1__Request *good_batch(void)
{
    return request_add(SCENE_TABLE, "other", "user", 0, 3);
}

START_TEST(column_index_must_be_in_range)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    Cardinal__V1__Request *request = good_batch();
    append_row(request->ingest, "k", 1);
    scene_refuses(&scene, request, INVALID, "column");
    request = good_batch();
    append_row(request->ingest, "k", UINT32_MAX);
    scene_refuses(&scene, request, INVALID, "column");
    scene_end(&scene);
}
END_TEST

START_TEST(batch_names_no_column_twice)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    Cardinal__V1__Request *request = good_batch();
    append_text(&request->ingest->columns, &request->ingest->n_columns, "user");
    scene_refuses(&scene, request, INVALID, "user");
    scene_end(&scene);
}
END_TEST

START_TEST(row_has_no_column_twice)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    Cardinal__V1__Request *request = good_batch();
    append_string(append_cell(request->ingest->rows[0], 0), "again");
    scene_refuses(&scene, request, INVALID, "column");
    scene_end(&scene);
}
END_TEST

START_TEST(batch_without_rows_or_columns_is_refused)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    Cardinal__V1__Request *request = good_batch();
    cardinal__v1__row__free_unpacked(request->ingest->rows[0], NULL);
    request->ingest->n_rows = 0;
    scene_refuses(&scene, request, INVALID, "rows");
    request = good_batch();
    free(request->ingest->columns[0]);
    request->ingest->n_columns = 0;
    scene_refuses(&scene, request, INVALID, "columns");
    scene_end(&scene);
}
END_TEST

START_TEST(rows_without_values_make_no_key)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    Cardinal__V1__Request *request = request_add(SCENE_TABLE, "empty", "user", 0, 0);
    Cardinal__V1__Response *response = call_ok(&scene.wire, request);
    ck_assert_uint_eq(response->ingest->rows, 0);
    ck_assert_uint_eq(response->ingest->values, 0);
    wire_free(response);
    request_free(request);
    scene_end(&scene); /* one key, as before */
}
END_TEST

START_TEST(fault_in_the_last_row_refuses_the_whole_batch)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    Cardinal__V1__Request *request = good_batch();
    for (int i = 0; i < 5000; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        append_row(request->ingest, key, i < 4999 ? 0 : 1);
    }
    scene_refuses(&scene, request, INVALID, "column");
    scene_end(&scene);
}
END_TEST

START_TEST(hashes_need_the_tables_id)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    Cardinal__V1__Request *request = good_batch();
    append_hash(request->ingest->rows[0]->cells[0], 12345);
    scene_refuses(&scene, request, PRECONDITION, "table");
    request = good_batch();
    append_hash(request->ingest->rows[0]->cells[0], 12345);
    request->ingest->table_id = scene.table_id + 1000;
    scene_refuses(&scene, request, PRECONDITION, SCENE_TABLE);
    scene_end(&scene);
}
END_TEST

START_TEST(hashes_for_a_table_made_anew_are_refused)
{
    static const char *const columns[] = { "user", "agent" };
    struct scene scene;
    scene_begin(&scene, NULL);
    Cardinal__V1__Request *request = good_batch();
    append_hash(request->ingest->rows[0]->cells[0], 12345);
    request->ingest->table_id = scene.table_id;
    call_drop(&scene.wire, SCENE_TABLE);
    uint64_t id = call_create(&scene.wire, SCENE_TABLE, columns, 2, 8);
    ck_assert_uint_ne(id, scene.table_id);
    call_add(&scene.wire, SCENE_TABLE, SCENE_KEY, "user", 0, 500);
    uint64_t digest = call_digest(&scene.wire, SCENE_TABLE);
    ck_assert_uint_ne(digest, scene.digest); /* another seed, other registers */
    scene.digest = digest;
    scene_refuses(&scene, request, PRECONDITION, SCENE_TABLE);
    scene_end(&scene);
}
END_TEST

START_TEST(id_of_another_table_refuses_raw_values_too)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    Cardinal__V1__Request *request = good_batch();
    request->ingest->table_id = scene.table_id + 1000;
    scene_refuses(&scene, request, PRECONDITION, SCENE_TABLE);
    scene_end(&scene);
}
END_TEST

START_TEST(batch_of_too_many_values_or_rows_is_refused)
{
    const char *const options[] = { "--max-batch-values", "1000", NULL };
    struct scene scene;
    scene_begin(&scene, options);
    uint64_t before = call_stat(&scene.wire, "refused.max_batch_values");
    scene_refuses(&scene, request_add(SCENE_TABLE, "other", "user", 0, 1001), TOO_LARGE, "1000");
    Cardinal__V1__Request *request = request_add(SCENE_TABLE, "other", "user", 0, 0);
    for (int i = 0; i < 1000; i++)
        append_row(request->ingest, "k", 0);
    scene_refuses(&scene, request, TOO_LARGE, "1000");
    ck_assert_uint_eq(call_stat(&scene.wire, "refused.max_batch_values"), before + 2);
    call_add(&scene.wire, SCENE_TABLE, SCENE_KEY, "user", 0, 500); /* not new */
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        column_index_must_be_in_range,
        batch_names_no_column_twice,
        row_has_no_column_twice,
        batch_without_rows_or_columns_is_refused,
        rows_without_values_make_no_key,
        fault_in_the_last_row_refuses_the_whole_batch,
        hashes_need_the_tables_id,
        hashes_for_a_table_made_anew_are_refused,
        id_of_another_table_refuses_raw_values_too,
        batch_of_too_many_values_or_rows_is_refused,
    };
    return RUN_INTEGRATION("bad_batches", tests);
}
