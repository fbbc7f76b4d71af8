/* Requests about tables and keys that cannot be done. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/harness/requests.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scene.h"

#define INVALID CARDINAL__V1__STATUS__STATUS_INVALID_ARGUMENT
#define NOT_FOUND CARDINAL__V1__STATUS__STATUS_NOT_FOUND
#define EXISTS CARDINAL__V1__STATUS__STATUS_ALREADY_EXISTS

/* A key of len bytes. Lives until the next call. */
static const char *key_of(size_t len)
{
    static char key[2048];
    memset(key, 'k', len);
    key[len] = '\0';
    return key;
}

static Cardinal__V1__Request *with_all(Cardinal__V1__Request *request)
{
    if (request->body_case == CARDINAL__V1__REQUEST__BODY_UNION)
        request->union_->selector = select_all();
    else
        request->scan->selector = select_all();
    return request;
}

START_TEST(unknown_table_is_named)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    scene_refuses(&scene, request_add("nosuch", "k", "user", 0, 3), NOT_FOUND, "nosuch");
    scene_refuses(&scene, request_count("nosuch", "k", "user"), NOT_FOUND, "nosuch");
    scene_refuses(&scene, with_all(request_union("nosuch", "user")), NOT_FOUND, "nosuch");
    scene_refuses(&scene, with_all(request_scan("nosuch", "user")), NOT_FOUND, "nosuch");
    scene_refuses(&scene, request_delete("nosuch", "k"), NOT_FOUND, "nosuch");
    scene_refuses(&scene, request_drop("nosuch"), NOT_FOUND, "nosuch");
    scene_refuses(&scene, request_describe("nosuch"), NOT_FOUND, "nosuch");
    Cardinal__V1__Request *alter = request_alter("nosuch");
    append_text(&alter->alter_table->add_columns, &alter->alter_table->n_add_columns, "more");
    scene_refuses(&scene, alter, NOT_FOUND, "nosuch");
    scene_end(&scene);
}
END_TEST

START_TEST(unknown_column_is_named)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    scene_refuses(&scene, request_add(SCENE_TABLE, "k", "nocolumn", 0, 3), NOT_FOUND, "nocolumn");
    scene_refuses(&scene, request_count(SCENE_TABLE, "k", "nocolumn"), NOT_FOUND, "nocolumn");
    scene_refuses(&scene, with_all(request_union(SCENE_TABLE, "nocolumn")), NOT_FOUND, "nocolumn");
    scene_refuses(&scene, with_all(request_scan(SCENE_TABLE, "nocolumn")), NOT_FOUND, "nocolumn");
    Cardinal__V1__Request *alter = request_alter(SCENE_TABLE);
    append_text(&alter->alter_table->drop_columns, &alter->alter_table->n_drop_columns, "nocolumn");
    scene_refuses(&scene, alter, NOT_FOUND, "nocolumn");
    scene_end(&scene);
}
END_TEST

START_TEST(query_that_names_a_column_twice_is_refused)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    Cardinal__V1__Request *request = request_count(SCENE_TABLE, "k", "user");
    append_text(&request->cardinality->columns, &request->cardinality->n_columns, "user");
    scene_refuses(&scene, request, INVALID, "user");
    scene_end(&scene);
}
END_TEST

START_TEST(key_of_1025_bytes_is_refused_in_every_request)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    scene_refuses(&scene, request_add(SCENE_TABLE, key_of(1025), "user", 0, 3), INVALID, "1025");
    scene_refuses(&scene, request_count(SCENE_TABLE, key_of(1025), "user"), INVALID, "1025");
    scene_refuses(&scene, request_delete(SCENE_TABLE, key_of(1025)), INVALID, "1025");
    Cardinal__V1__Request *scan = request_scan(SCENE_TABLE, NULL);
    scan->scan->selector = select_prefix(key_of(1025));
    scene_refuses(&scene, scan, INVALID, "1025");
    Cardinal__V1__Request *all = with_all(request_union(SCENE_TABLE, NULL));
    cardinal__v1__selector__free_unpacked(all->union_->selector, NULL);
    all->union_->selector = select_key(key_of(1025));
    scene_refuses(&scene, all, INVALID, "1025");
    scene_end(&scene);
}
END_TEST

START_TEST(keys_of_0_and_1024_bytes_are_keys)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    call_add(&scene.wire, SCENE_TABLE, "", "user", 0, 3);
    call_add(&scene.wire, SCENE_TABLE, key_of(1024), "user", 0, 4);
    ck_assert_double_eq_tol(call_count(&scene.wire, SCENE_TABLE, "", "user"), 3, 0.5);
    ck_assert_double_eq_tol(call_count(&scene.wire, SCENE_TABLE, key_of(1024), "user"), 4, 0.5);
    ck_assert(call_delete(&scene.wire, SCENE_TABLE, ""));
    ck_assert(call_delete(&scene.wire, SCENE_TABLE, key_of(1024)));
    scene_end(&scene);
}
END_TEST

START_TEST(selector_must_be_there_and_have_a_kind)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    scene_refuses(&scene, request_union(SCENE_TABLE, NULL), INVALID, "selector");
    Cardinal__V1__Request *request = with_all(request_union(SCENE_TABLE, NULL));
    request->union_->selector->kind_case = CARDINAL__V1__SELECTOR__KIND__NOT_SET;
    scene_refuses(&scene, request, INVALID, "selector");
    request = with_all(request_union(SCENE_TABLE, NULL));
    request->union_->selector->all = 0;
    scene_refuses(&scene, request, INVALID, "selector");
    request = request_delete(SCENE_TABLE, SCENE_KEY);
    cardinal__v1__selector__free_unpacked(request->delete_->selector, NULL);
    request->delete_->selector = NULL;
    scene_refuses(&scene, request, INVALID, "selector");
    scene_end(&scene);
}
END_TEST

START_TEST(selector_of_two_kinds_is_refused)
{
    /* id = 8, delete { table = "visits", selector { prefix = "a", all = true } } */
    static const uint8_t payload[] = { 0x08, 8,   0xaa, 0x01, 15, 0x0a, 6, 'v', 'i',  's',
                                       'i',  't', 's',  0x12, 5,  0x12, 1, 'a', 0x20, 1 };
    struct scene scene;
    scene_begin(&scene, NULL);
    ck_assert(wire_send_frame(&scene.wire, payload, sizeof payload));
    assert_refused(wire_receive(&scene.wire), INVALID, "kind");
    scene_end(&scene);
}
END_TEST

START_TEST(cardinality_takes_only_a_list_and_scan_takes_none)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    Cardinal__V1__Request *count = request_count(SCENE_TABLE, "k", NULL);
    cardinal__v1__selector__free_unpacked(count->cardinality->selector, NULL);
    count->cardinality->selector = select_prefix("k");
    scene_refuses(&scene, count, INVALID, "list");
    Cardinal__V1__Request *scan = request_scan(SCENE_TABLE, NULL);
    scan->scan->selector = select_key("k");
    scene_refuses(&scene, scan, INVALID, "list");
    scene_end(&scene);
}
END_TEST

START_TEST(malformed_page_token_is_refused)
{
    static const char *const tokens[] = { "x", "0123456789012345678901234567890123456789" };
    struct scene scene;
    scene_begin(&scene, NULL);
    for (size_t i = 0; i < 2; i++) {
        Cardinal__V1__Request *scan = with_all(request_scan(SCENE_TABLE, NULL));
        set_bytes(&scan->scan->page_token, tokens[i], strlen(tokens[i]));
        scene_refuses(&scene, scan, INVALID, "page token");
        Cardinal__V1__Request *list = request_list();
        set_bytes(&list->list_tables->page_token, tokens[i], strlen(tokens[i]));
        scene_refuses(&scene, list, INVALID, "page token");
    }
    scene_end(&scene);
}
END_TEST

START_TEST(precision_and_hash_must_be_in_range)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    for (uint32_t precision = 0; precision < 256; precision++) {
        Cardinal__V1__Request *request = request_create("new");
        request->create_table->precision = precision;
        if (precision != 0 && (precision < 4 || precision > 18)) {
            scene_refuses(&scene, request, INVALID, "precision");
        } else {
            wire_free(call_ok(&scene.wire, request));
            request_free(request);
            call_drop(&scene.wire, "new");
        }
    }
    Cardinal__V1__Request *request = request_create("new");
    request->create_table->hash = (Cardinal__V1__Hash)77;
    scene_refuses(&scene, request, INVALID, "hash");
    scene_end(&scene);
}
END_TEST

START_TEST(table_that_exists_is_not_made_again)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    scene_refuses(&scene, request_create(SCENE_TABLE), EXISTS, SCENE_TABLE);
    Cardinal__V1__Request *request = request_create(SCENE_TABLE);
    request->create_table->if_not_exists = 1;
    Cardinal__V1__Response *response = call_ok(&scene.wire, request);
    ck_assert(!response->create_table->created);
    ck_assert_uint_eq(response->create_table->table->table_id, scene.table_id);
    ck_assert_uint_eq(response->create_table->table->n_columns, 2);
    wire_free(response);
    request_free(request);
    scene_end(&scene);
}
END_TEST

START_TEST(names_that_are_no_names_are_refused)
{
    static const char *const bad[] = { "9x", "-x", ".x", "a b", "a/b", "caf\xc3\xa9" };
    struct scene scene;
    scene_begin(&scene, NULL);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        scene_refuses(&scene, request_create(bad[i]), INVALID, "name");
        Cardinal__V1__Request *request = request_create("new");
        set_text(&request->create_table->columns[0], bad[i]);
        scene_refuses(&scene, request, INVALID, "name");
    }
    scene_refuses(&scene, request_create(""), INVALID, "name");
    scene_refuses(&scene, request_create(key_of(129)), INVALID, "name");
    scene_end(&scene);
}
END_TEST

START_TEST(new_columns_must_be_some_and_distinct_and_unreserved)
{
    static const char *const reserved[] = { "key", "keys", "rse" };
    struct scene scene;
    scene_begin(&scene, NULL);
    for (size_t i = 0; i < 3; i++) {
        Cardinal__V1__Request *request = request_create("new");
        set_text(&request->create_table->columns[0], reserved[i]);
        scene_refuses(&scene, request, INVALID, reserved[i]);
    }
    Cardinal__V1__Request *twice = request_create("new");
    append_text(&twice->create_table->columns, &twice->create_table->n_columns, "c");
    scene_refuses(&scene, twice, INVALID, "'c'");
    Cardinal__V1__Request *many = request_create("new");
    for (int i = 0; i < 256; i++) {
        char name[8] = { 'x', (char)('a' + i / 26), (char)('a' + i % 26) };
        append_text(&many->create_table->columns, &many->create_table->n_columns, name);
    }
    scene_refuses(&scene, many, INVALID, "257");
    Cardinal__V1__Request *none = request_create("new");
    free(none->create_table->columns[0]);
    none->create_table->n_columns = 0;
    scene_refuses(&scene, none, INVALID, "column");
    scene_end(&scene);
}
END_TEST

START_TEST(failed_alter_changes_nothing)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    /* One good part, one bad. */
    Cardinal__V1__Request *alter = request_alter(SCENE_TABLE);
    append_text(&alter->alter_table->add_columns, &alter->alter_table->n_add_columns, "more");
    append_text(&alter->alter_table->drop_columns, &alter->alter_table->n_drop_columns, "nocolumn");
    set_text(&alter->alter_table->rename_to, "renamed");
    scene_refuses(&scene, alter, NOT_FOUND, "nocolumn");
    alter = request_alter(SCENE_TABLE);
    append_text(&alter->alter_table->add_columns, &alter->alter_table->n_add_columns, "user");
    scene_refuses(&scene, alter, EXISTS, "user");
    Cardinal__V1__Request *other = request_create("other");
    wire_free(call_ok(&scene.wire, other));
    request_free(other);
    alter = request_alter(SCENE_TABLE);
    set_text(&alter->alter_table->rename_to, "other");
    scene_refuses(&scene, alter, EXISTS, "other");
    scene_refuses(&scene, request_count(SCENE_TABLE, "k", "more"), NOT_FOUND, "more");
    scene_refuses(&scene, request_describe("renamed"), NOT_FOUND, "renamed");
    scene_end(&scene);
}
END_TEST

START_TEST(durable_writes_are_refused_while_there_is_no_disk)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    Cardinal__V1__Request *request = request_create("new");
    request->create_table->ack = CARDINAL__V1__ACK__ACK_DURABLE;
    scene_refuses(&scene, request, CARDINAL__V1__STATUS__STATUS_FAILED_PRECONDITION, "durable");
    request = request_add(SCENE_TABLE, "other", "user", 0, 3);
    request->ingest->ack = CARDINAL__V1__ACK__ACK_DURABLE;
    scene_refuses(&scene, request, CARDINAL__V1__STATUS__STATUS_FAILED_PRECONDITION, "durable");
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        unknown_table_is_named,
        unknown_column_is_named,
        query_that_names_a_column_twice_is_refused,
        key_of_1025_bytes_is_refused_in_every_request,
        keys_of_0_and_1024_bytes_are_keys,
        selector_must_be_there_and_have_a_kind,
        selector_of_two_kinds_is_refused,
        cardinality_takes_only_a_list_and_scan_takes_none,
        malformed_page_token_is_refused,
        precision_and_hash_must_be_in_range,
        table_that_exists_is_not_made_again,
        names_that_are_no_names_are_refused,
        new_columns_must_be_some_and_distinct_and_unreserved,
        failed_alter_changes_nothing,
        durable_writes_are_refused_while_there_is_no_disk,
    };
    return RUN_INTEGRATION("bad_requests", tests);
}
