#include "tests/interop/postgres_server.h"

#include <check.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/integration/harness/process.h"
#include "tests/integration/harness/scratch_dir.h"

#define START_TIMEOUT_MS 60000
#define WORDS_MAX 24u

/* A folder that belongs to who runs the server. */
static void make_folder(struct postgres_server *server)
{
    char base[160];
    scratch_path(server->folder, sizeof server->folder, "postgres");
    ck_assert_int_eq(mkdir(server->folder, 0700), 0);
    if (geteuid() != 0)
        return;
    const struct passwd *user = getpwnam("postgres");
    ck_assert_msg(user != NULL, "there is no user postgres: is postgresql-15 installed?");
    ck_assert_int_eq(chown(server->folder, user->pw_uid, user->pw_gid), 0);
    (void)snprintf(base, sizeof base, "%s", scratch_dir());
    ck_assert_int_eq(chmod(base, 0711), 0);
    *strrchr(base, '/') = '\0';
    ck_assert_int_eq(chmod(base, 0711), 0);
}

/* Runs one of PostgreSQL's programs, its words ending in NULL, under a user that it
 * accepts; what it says goes to the log. */
static pid_t spawn(const char *const *words)
{
    static const char *const as_postgres[] = { "setpriv", "--reuid=postgres", "--regid=postgres",
                                               "--clear-groups", "--pdeathsig=KILL" };
    const char *argv[WORDS_MAX];
    char log_path[160];
    size_t n = 0;
    for (size_t i = 0; geteuid() == 0 && i < sizeof as_postgres / sizeof as_postgres[0]; i++)
        argv[n++] = as_postgres[i];
    for (size_t i = 0; words[i] != NULL; i++) {
        ck_assert_uint_lt(n, WORDS_MAX - 1);
        argv[n++] = words[i];
    }
    argv[n] = NULL;
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int log = open(scratch_path(log_path, sizeof log_path, "postgres.log"),
                   O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ck_assert_int_ge(log, 0);
    struct process_files files = { null, log, log };
    pid_t pid = process_spawn(argv, &files);
    close(null);
    close(log);
    return pid;
}

static void connect_when_ready(struct postgres_server *server)
{
    const char *const keys[] = { "host", "user", "dbname", NULL };
    const char *const values[] = { server->folder, "postgres", "postgres", NULL };
    int64_t deadline = now_ms() + START_TIMEOUT_MS;
    for (;;) {
        server->connection = PQconnectdbParams(keys, values, 0);
        ck_assert_ptr_nonnull(server->connection);
        if (PQstatus(server->connection) == CONNECTION_OK)
            return;
        ck_assert_int_eq(waitpid(server->pid, NULL, WNOHANG), 0);
        ck_assert_msg(now_ms() < deadline, "%s", PQerrorMessage(server->connection));
        PQfinish(server->connection);
        sleep_ms(20);
    }
}

void postgres_begin(struct postgres_server *server)
{
    make_folder(server);
    char data[200];
    (void)snprintf(data, sizeof data, "%s/data", server->folder);
    const char *const make[] = {
        POSTGRES_BIN "/initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync",
        "--locale=C",           NULL
    };
    int status = process_wait(spawn(make), START_TIMEOUT_MS);
    ck_assert_msg(status == 0, "initdb failed");
    const char *const serve[] = { POSTGRES_BIN "/postgres",
                                  "-D",
                                  data,
                                  "-k",
                                  server->folder,
                                  "-F",
                                  "-c",
                                  "listen_addresses=",
                                  "-c",
                                  "shared_buffers=16MB",
                                  NULL };
    server->pid = spawn(serve);
    connect_when_ready(server);
    PQclear(PQexec(server->connection, "CREATE EXTENSION hll"));
}

void postgres_end(struct postgres_server *server)
{
    PQfinish(server->connection);
    ck_assert_int_eq(kill(server->pid, SIGINT), 0);
    (void)process_wait(server->pid, START_TIMEOUT_MS);
}

/* "\x" and the bytes in hexadecimal, as the type hll is written; to be freed. */
static char *hex_of(const struct sketch *sketch)
{
    char *text = malloc(2 * sketch->len + 3);
    ck_assert_ptr_nonnull(text);
    (void)strcpy(text, "\\x");
    for (size_t i = 0; i < sketch->len; i++)
        (void)snprintf(text + 2 + 2 * i, 3, "%02x", sketch->bytes[i]);
    return text;
}

char *postgres_ask(struct postgres_server *server, const char *query, const struct sketch *a,
                   const struct sketch *b)
{
    char *texts[2] = { NULL, NULL };
    int count = 0;
    if (a != NULL)
        texts[count++] = hex_of(a);
    if (b != NULL)
        texts[count++] = hex_of(b);
    PGresult *result = PQexecParams(server->connection, query, count, NULL,
                                    (const char *const *)texts, NULL, NULL, 0);
    ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1, "'%s': %s",
                  query, PQerrorMessage(server->connection));
    char *value = strdup(PQgetvalue(result, 0, 0));
    ck_assert_ptr_nonnull(value);
    PQclear(result);
    free(texts[0]);
    free(texts[1]);
    return value;
}

struct sketch postgres_sketch(struct postgres_server *server, const char *query,
                              const struct sketch *a, const struct sketch *b)
{
    char *text = postgres_ask(server, query, a, b);
    size_t len = strlen(text);
    ck_assert_msg(len >= 4 && len % 2 == 0 && text[0] == '\\' && text[1] == 'x', "'%s'", text);
    struct sketch sketch = { malloc(len / 2), len / 2 - 1 };
    ck_assert_ptr_nonnull(sketch.bytes);
    for (size_t i = 0; i < sketch.len; i++) {
        char digits[3] = { text[2 + 2 * i], text[3 + 2 * i], 0 };
        sketch.bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    free(text);
    return sketch;
}

double postgres_number(struct postgres_server *server, const char *query, const struct sketch *a)
{
    char *text = postgres_ask(server, query, a, NULL);
    double number = strtod(text, NULL);
    free(text);
    return number;
}
