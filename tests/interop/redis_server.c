#include "tests/interop/redis_server.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/integration/harness/process.h"
#include "tests/integration/harness/scratch_dir.h"

#define START_TIMEOUT_MS 30000
#define ADD_AT_ONCE 1000u

/* Takes over reply, which must be of this type. */
static redisReply *demand(struct redis_server *server, redisReply *reply, int type)
{
    ck_assert_msg(reply != NULL, "redis: %s", server->context->errstr);
    ck_assert_msg(reply->type == type, "redis answers type %d: %s", reply->type,
                  reply->str != NULL ? reply->str : "");
    return reply;
}

static void connect_when_ready(struct redis_server *server, const char *path)
{
    int64_t deadline = now_ms() + START_TIMEOUT_MS;
    for (;;) {
        server->context = redisConnectUnix(path);
        ck_assert_ptr_nonnull(server->context);
        if (server->context->err == 0)
            return;
        redisFree(server->context);
        ck_assert_int_eq(waitpid(server->pid, NULL, WNOHANG), 0);
        ck_assert_msg(now_ms() < deadline, "redis-server does not listen");
        sleep_ms(10);
    }
}

void redis_begin(struct redis_server *server)
{
    char path[160];
    char log_path[160];
    scratch_path(path, sizeof path, "redis");
    scratch_path(log_path, sizeof log_path, "redis.log");
    const char *const argv[] = {
        "redis-server", "--port", "0",     "--unixsocket", path, "--save", "",
        "--appendonly", "no",     "--dir", scratch_dir(),  NULL
    };
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int log = open(log_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(log, 0);
    struct process_files files = { null, log, log };
    server->pid = process_spawn(argv, &files);
    close(null);
    close(log);
    connect_when_ready(server, path);
}

void redis_end(struct redis_server *server)
{
    redisFree(server->context);
    ck_assert_int_eq(kill(server->pid, SIGTERM), 0);
    (void)process_wait(server->pid, START_TIMEOUT_MS);
}

static void add_some(struct redis_server *server, const char *key, uint64_t first, uint32_t count)
{
    static char texts[ADD_AT_ONCE][24];
    const char *words[ADD_AT_ONCE + 2] = { "PFADD", key };
    size_t lens[ADD_AT_ONCE + 2] = { 5, strlen(key) };
    for (uint32_t i = 0; i < count; i++) {
        words[2 + i] = texts[i];
        lens[2 + i] = value_text(texts[i], first + i);
    }
    redisReply *reply = redisCommandArgv(server->context, (int)count + 2, words, lens);
    freeReplyObject(demand(server, reply, REDIS_REPLY_INTEGER));
}

void redis_add(struct redis_server *server, const char *key, uint64_t first, uint64_t last)
{
    do {
        uint64_t left = last - first;
        uint32_t count = left < ADD_AT_ONCE ? (uint32_t)left : ADD_AT_ONCE;
        add_some(server, key, first, count);
        first += count;
    } while (first < last);
}

struct sketch redis_get(struct redis_server *server, const char *key)
{
    redisReply *reply =
        demand(server, redisCommand(server->context, "GET %s", key), REDIS_REPLY_STRING);
    struct sketch sketch = { malloc(reply->len), reply->len };
    ck_assert_ptr_nonnull(sketch.bytes);
    memcpy(sketch.bytes, reply->str, reply->len);
    freeReplyObject(reply);
    return sketch;
}

void redis_set(struct redis_server *server, const char *key, const struct sketch *sketch)
{
    redisReply *reply = redisCommand(server->context, "SET %s %b", key, sketch->bytes, sketch->len);
    freeReplyObject(demand(server, reply, REDIS_REPLY_STATUS));
}

struct sketch redis_get_dense(struct redis_server *server, const char *key)
{
    ck_assert_int_eq(redis_ask(server, "COPY %s dense REPLACE", key), 1);
    (void)redis_ask(server, "PFDEBUG TODENSE dense");
    return redis_get(server, "dense");
}

long long redis_ask(struct redis_server *server, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    redisReply *reply = redisvCommand(server->context, format, arguments);
    va_end(arguments);
    ck_assert_msg(reply != NULL, "redis: %s", server->context->errstr);
    ck_assert_msg(reply->type == REDIS_REPLY_INTEGER || reply->type == REDIS_REPLY_STATUS,
                  "redis answers '%s' to '%s'", reply->str, format);
    long long number = reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;
    freeReplyObject(reply);
    return number;
}
