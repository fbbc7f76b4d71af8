#include "tests/integration/harness/scene.h"

#include <check.h>

#include "tests/integration/harness/requests.h"

void scene_begin(struct scene *scene, const char *const *options)
{
    static const char *const columns[] = { "user", "agent" };
    daemon_start(&scene->daemon, DAEMON_TCP, options);
    call_connect(&scene->wire, daemon_address(&scene->daemon));
    scene->table_id = call_create(&scene->wire, SCENE_TABLE, columns, 2, 7);
    call_add(&scene->wire, SCENE_TABLE, SCENE_KEY, "user", 0, 500);
    scene->digest = call_digest(&scene->wire, SCENE_TABLE);
    ck_assert_uint_ne(scene->digest, 0);
}

void scene_assert_intact(struct scene *scene)
{
    daemon_assert_alive(&scene->daemon);
    ck_assert_uint_eq(call_digest(&scene->wire, SCENE_TABLE), scene->digest);
    ck_assert_uint_eq(call_keys(&scene->wire, SCENE_TABLE), 1);
}

void scene_assert_intact_elsewhere(struct scene *scene)
{
    wire_close(&scene->wire);
    call_connect(&scene->wire, daemon_address(&scene->daemon));
    scene_assert_intact(scene);
}

void scene_refuses(struct scene *scene, Cardinal__V1__Request *request, Cardinal__V1__Status status,
                   const char *text)
{
    call_refused(&scene->wire, request, status, text);
    request_free(request);
    scene_assert_intact(scene);
}

void scene_end(struct scene *scene)
{
    scene_assert_intact(scene);
    wire_close(&scene->wire);
    daemon_stop(&scene->daemon);
}
