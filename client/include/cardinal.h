/* cardinal.h: the client library of cardinald, a daemon that counts distinct
 * values.
 *
 *     if (cardinal_connect(NULL, &c, NULL) != CARDINAL_OK) ..
 *     cardinal_batch_open(c, "visits", columns, 1, NULL, &batch);
 *     cardinal_batch_string(batch, "page/7", 6, 0, "user-1", 6);
 *     cardinal_batch_flush(batch);
 *
 * Errors. Functions return an enum cardinal_status: 0 is done, positive numbers
 * are the server's answer and are those of the protocol, negative ones came
 * about on the way. cardinal_error() has the words. Out parameters are left
 * alone on failure.
 *
 * Ownership. What a function hands out in a `**out` is the caller's, to be
 * given back with the function named beside it; strings inside live as long as
 * it does. What is passed in is only read during the call, unless said
 * otherwise. Handles made from a client must be given back before it.
 *
 * Threads. Nothing is shared between clients; one client, with all handles
 * made from it, is used by one thread at a time. There is no hidden thread.
 *
 * Fork. A client belongs to the process that made it: in the child do nothing
 * with it but cardinal_close(), which then only closes its descriptor.
 *
 * Delivery. A broken connection is made anew, and ingest and reads that were
 * not answered are sent again: adding twice is adding once. A retried add may
 * however follow a delete that another client made in between. Create, alter,
 * drop, delete and backup are not sent twice: they return CARDINAL_ERR_LOST when the
 * answer was lost, and the caller must look what became of them.
 *
 * Waiting. A blocking call waits at most the request's timeout for each request
 * it makes. A server that cannot be reached is tried again at once, and then
 * after pauses of about 0.1 s that double up to 2 s, as often as `retries` says.
 * Resolving a host's name blocks as long as the resolver does. The library
 * never raises SIGPIPE. */
#ifndef CARDINAL_H
#define CARDINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CARDINAL_API __attribute__((visibility("default")))
#else
#define CARDINAL_API
#endif

#define CARDINAL_VERSION_MAJOR 0
#define CARDINAL_VERSION_MINOR 1
#define CARDINAL_VERSION_PATCH 0

#define CARDINAL_KEY_MAX 1024 /* bytes of a key */
#define CARDINAL_NAME_MAX 128 /* bytes of a table or column name */
#define CARDINAL_COLUMNS_MAX 256

typedef enum cardinal_status {
    CARDINAL_OK = 0,
    /* The server's answers, numbered as in the protocol. */
    CARDINAL_INVALID_ARGUMENT = 1,
    CARDINAL_MALFORMED = 2,
    CARDINAL_TOO_LARGE = 3,
    CARDINAL_UNIMPLEMENTED = 4,
    CARDINAL_NOT_FOUND = 5,
    CARDINAL_ALREADY_EXISTS = 6,
    CARDINAL_FAILED_PRECONDITION = 7,
    CARDINAL_RESOURCE_EXHAUSTED = 8,
    CARDINAL_UNAUTHENTICATED = 9,
    CARDINAL_DEADLINE_EXCEEDED = 10,
    CARDINAL_CANCELLED = 11,
    CARDINAL_NOT_READY = 12,
    CARDINAL_UNAVAILABLE = 13,
    CARDINAL_INTERNAL = 14,
    /* What can go wrong before an answer. */
    CARDINAL_ERR_USAGE = -1,    /* the call makes no sense; nothing was sent */
    CARDINAL_ERR_MEMORY = -2,   /* no memory */
    CARDINAL_ERR_ADDRESS = -3,  /* the address cannot be read or resolved */
    CARDINAL_ERR_CONNECT = -4,  /* the server could not be reached */
    CARDINAL_ERR_TIMEOUT = -5,  /* no answer in time */
    CARDINAL_ERR_LOST = -6,     /* the connection broke before the answer: done or not is unknown */
    CARDINAL_ERR_PROTOCOL = -7, /* the peer does not speak this protocol */
    CARDINAL_ERR_FULL = -8,     /* the batch is full, and was told not to wait */
} cardinal_status;

/* A short fixed text for a status. Thread safe. */
CARDINAL_API const char *cardinal_status_text(cardinal_status status);
/* Did the server answer with it (as against: it came about on the way)? */
CARDINAL_API bool cardinal_status_is_server(cardinal_status status);
/* The library's version, "0.1.0". */
CARDINAL_API const char *cardinal_version(void);

/* ---- connection ------------------------------------------------------- */

typedef struct cardinal_client cardinal_client;

/* When a write is answered. */
typedef enum cardinal_ack {
    CARDINAL_ACK_DEFAULT = 0, /* as the table says, or else the server */
    CARDINAL_ACK_MEMORY = 1,  /* once later reads see it */
    CARDINAL_ACK_DURABLE = 2, /* once it is on disk */
} cardinal_ack;

/* How to connect. Start from CARDINAL_OPTIONS_INIT. */
typedef struct cardinal_options {
    size_t size;            /* of this struct, set by CARDINAL_OPTIONS_INIT */
    const char *address;    /* "tcp://HOST:PORT" or "unix://PATH"; NULL: $CARDINAL_SERVER, else
                               tcp://127.0.0.1:7410 */
    const char *token;      /* who is asking; NULL: nobody */
    int connect_timeout_ms; /* for reaching the server; 0: 5,000 */
    int request_timeout_ms; /* for an answer, sent as the request's deadline too; 0: 30,000 */
    int retries;            /* how often one call is tried on a new connection; 0: 5; -1: never */
    cardinal_ack ack;       /* of merges, imports, and batches that do not say */
} cardinal_options;

#define CARDINAL_OPTIONS_INIT                                                                      \
    {                                                                                              \
        sizeof(cardinal_options), NULL, NULL, 0, 0, 0, CARDINAL_ACK_DEFAULT                        \
    }

/* Connects and says hello. options may be NULL. On failure *error_out, where
 * error_out is not NULL and memory allows, is a text to be given back with
 * cardinal_free_text(). Close with cardinal_close(). */
CARDINAL_API cardinal_status cardinal_connect(const cardinal_options *options,
                                              cardinal_client **out, char **error_out);
CARDINAL_API void cardinal_free_text(char *text); /* accepts NULL */

/* Drops the connection and frees the client; what was not flushed is lost.
 * Accepts NULL. */
CARDINAL_API void cardinal_close(cardinal_client *client);

/* What went wrong in the last call that failed on this client or a handle of it:
 * the server's message, or one of the library's own. Lives until the next call. */
CARDINAL_API const char *cardinal_error(const cardinal_client *client);

/* The server's release, as it said in its hello. Lives as long as the client. */
CARDINAL_API const char *cardinal_server_version(const cardinal_client *client);

/* A round trip. */
CARDINAL_API cardinal_status cardinal_ping(cardinal_client *client);

/* Reads what has come in, sends what is due in batches that have reached their
 * age, and waits for neither. For programs that are idle for a while. */
CARDINAL_API cardinal_status cardinal_poll(cardinal_client *client);

/* The socket, for the caller's own loop to watch; -1 while there is none. It changes on
 * reconnection. */
CARDINAL_API int cardinal_fd(const cardinal_client *client);

/* What to watch it for, POLLIN and POLLOUT of <poll.h>, as of now: when one of them comes,
 * call cardinal_poll(), and ask anew. POLLOUT also says that something waits to be
 * written, or that the connection is being made. 0 while there is no socket. */
CARDINAL_API short cardinal_events(const cardinal_client *client);

/* ---- tables ----------------------------------------------------------- */

typedef enum cardinal_hash {
    CARDINAL_HASH_XXH3 = 0,
    CARDINAL_HASH_MURMUR64A = 1, /* sketches union with those of Redis and Doris */
} cardinal_hash;

/* What a table is to be. Start from CARDINAL_TABLE_SPEC_INIT. */
typedef struct cardinal_table_spec {
    size_t size;
    const char *name;
    const char *const *columns;
    size_t column_count;
    unsigned precision; /* 4..18; 0: 14 */
    cardinal_hash hash;
    uint64_t seed;      /* tables whose sketches are to be compared share it */
    bool if_not_exists; /* an existing table is left as it is, and no error */
    cardinal_ack ack;   /* of writes to it that do not say */
    bool no_rollup;     /* keep no union over all keys: one reads every key instead */
} cardinal_table_spec;

#define CARDINAL_TABLE_SPEC_INIT                                                                   \
    {                                                                                              \
        sizeof(cardinal_table_spec), NULL, NULL, 0, 0, CARDINAL_HASH_XXH3, 0, false,               \
            CARDINAL_ACK_DEFAULT, false                                                            \
    }

typedef struct cardinal_table {
    uint64_t id; /* never reused */
    const char *name;
    const char *const *columns;
    size_t column_count;
    unsigned precision;
    cardinal_hash hash;
    uint64_t seed;
    uint64_t keys;
    uint64_t cells;  /* sketches that are not empty */
    uint64_t bytes;  /* of the daemon's memory */
    uint64_t digest; /* where asked for, else 0 */
} cardinal_table;

CARDINAL_API void cardinal_table_free(cardinal_table *table); /* accepts NULL */

/* Makes a table. created and out may be NULL. */
CARDINAL_API cardinal_status cardinal_table_create(cardinal_client *client,
                                                   const cardinal_table_spec *spec, bool *created,
                                                   cardinal_table **out);

/* Adds and drops columns and renames, together or not at all; rename_to may be NULL. */
CARDINAL_API cardinal_status cardinal_table_alter(cardinal_client *client, const char *name,
                                                  const char *const *add, size_t add_count,
                                                  const char *const *drop, size_t drop_count,
                                                  const char *rename_to);

/* Removes a table. dropped may be NULL. */
CARDINAL_API cardinal_status cardinal_table_drop(cardinal_client *client, const char *name,
                                                 bool if_exists, bool *dropped);

/* One table, with its digest if asked. */
CARDINAL_API cardinal_status cardinal_table_describe(cardinal_client *client, const char *name,
                                                     bool digest, cardinal_table **out);

/* Receives a table that is only there during the call; false ends the listing. */
typedef bool cardinal_table_visit(const cardinal_table *table, void *arg);

/* Tables whose names begin with prefix (NULL: all), by name. */
CARDINAL_API cardinal_status cardinal_table_list(cardinal_client *client, const char *prefix,
                                                 cardinal_table_visit *visit, void *arg);

/* ---- ingest ----------------------------------------------------------- */

/* A batch collects values of one table, hashes them here, puts them together by
 * key, sends them when enough are together and keeps several on their way at
 * once. A value that comes again to the same key and column before the batch is
 * sent is sent once, unless the batch is raw. */
typedef struct cardinal_batch cardinal_batch;

typedef enum cardinal_when_full {
    CARDINAL_FULL_WAIT = 0, /* an add that finds no room waits for answers */
    CARDINAL_FULL_FAIL = 1, /* it returns CARDINAL_ERR_FULL, and the value is not taken */
} cardinal_when_full;

typedef struct cardinal_batch_options {
    size_t size;
    uint32_t max_values; /* send when that many are together, repeated ones not counted; 0: 4,096 */
    uint32_t max_age_ms; /* send when the oldest is that old; 0: 100. Looked at in every 16th add
                            and in cardinal_poll(): call that where values come slowly */
    uint32_t max_in_flight; /* sent and not yet answered, at most; 0: 16 */
    size_t max_bytes;       /* held in all, unanswered ones included; 0: 16 MiB */
    cardinal_when_full when_full;
    cardinal_ack ack; /* CARDINAL_ACK_DEFAULT: as the client's options say */
    bool raw;         /* send values as they are, for the daemon to hash */
} cardinal_batch_options;

#define CARDINAL_BATCH_OPTIONS_INIT                                                                \
    {                                                                                              \
        sizeof(cardinal_batch_options), 0, 0, 0, 0, CARDINAL_FULL_WAIT, CARDINAL_ACK_DEFAULT,      \
            false                                                                                  \
    }

/* Opens a batch into a table's columns, which adds then mean by index; none:
 * all columns of the table. Asks the server for the table's hash and seed. */
CARDINAL_API cardinal_status cardinal_batch_open(cardinal_client *client, const char *table,
                                                 const char *const *columns, size_t column_count,
                                                 const cardinal_batch_options *options,
                                                 cardinal_batch **out);

/* Adds one value to a key's column. The status may be that of an earlier batch that failed (see
 * cardinal_batch_failed()), which is told once; the value is taken nevertheless,
 * unless the status is CARDINAL_ERR_USAGE, _MEMORY or _FULL. Failed batches count
 * against max_bytes until they are taken out: when they fill it, the status is
 * CARDINAL_ERR_FULL whatever when_full says. */
CARDINAL_API cardinal_status cardinal_batch_string(cardinal_batch *batch, const void *key,
                                                   size_t key_len, uint32_t column,
                                                   const void *value, size_t value_len);
CARDINAL_API cardinal_status cardinal_batch_int(cardinal_batch *batch, const void *key,
                                                size_t key_len, uint32_t column, int64_t value);
CARDINAL_API cardinal_status cardinal_batch_double(cardinal_batch *batch, const void *key,
                                                   size_t key_len, uint32_t column, double value);
/* A value that the caller hashed as the protocol says. Not with `raw`. */
CARDINAL_API cardinal_status cardinal_batch_hash(cardinal_batch *batch, const void *key,
                                                 size_t key_len, uint32_t column, uint64_t hash);

/* Sends what is there, without waiting for the answer. A batch that follows another within 2 ms
 * is held, to be written together with those that follow: until 192 KiB are, until max_in_flight
 * are unanswered, until a call that waits, cardinal_poll(), or a later 16th add. */
CARDINAL_API cardinal_status cardinal_batch_send(cardinal_batch *batch);
/* Sends what is there and waits until everything sent is answered; the first
 * failure among the answers. */
CARDINAL_API cardinal_status cardinal_batch_flush(cardinal_batch *batch);

/* What the batch has done so far, counting answered batches only. */
typedef struct cardinal_batch_totals {
    uint64_t batches;
    uint64_t values;  /* added, those that were repeated and not sent included */
    uint64_t changes; /* values that changed a sketch */
    uint64_t failed_batches;
} cardinal_batch_totals;
CARDINAL_API void cardinal_batch_get_totals(const cardinal_batch *batch,
                                            cardinal_batch_totals *out);

/* A batch that the server refused, or that could not be brought to it. */
typedef struct cardinal_failed cardinal_failed;

/* The oldest failed batch not yet handed back, or NULL. The caller's: give it to
 * cardinal_batch_retry() or cardinal_failed_free(). */
CARDINAL_API cardinal_failed *cardinal_batch_failed(cardinal_batch *batch);
CARDINAL_API cardinal_status cardinal_failed_status(const cardinal_failed *failed);
CARDINAL_API const char *cardinal_failed_message(const cardinal_failed *failed);
CARDINAL_API uint64_t cardinal_failed_values(const cardinal_failed *failed);
/* Sends it again, into the batch it came from. Consumes failed, unless it
 * returns CARDINAL_ERR_FULL. */
CARDINAL_API cardinal_status cardinal_batch_retry(cardinal_batch *batch, cardinal_failed *failed);
CARDINAL_API void cardinal_failed_free(cardinal_failed *failed); /* accepts NULL */

/* Frees the batch without sending what is left: flush first. Accepts NULL. */
CARDINAL_API void cardinal_batch_close(cardinal_batch *batch);

/* ---- questions -------------------------------------------------------- */

typedef struct cardinal_key {
    const void *data;
    size_t len;
} cardinal_key;

/* Which keys a request means: make it with one of the functions below. The
 * bytes are not copied. */
typedef struct cardinal_selector {
    int kind;
    const cardinal_key *keys;
    size_t key_count;
    cardinal_key a;
    cardinal_key b;
} cardinal_selector;

CARDINAL_API cardinal_selector cardinal_select_all(void);
CARDINAL_API cardinal_selector cardinal_select_keys(const cardinal_key *keys, size_t count);
CARDINAL_API cardinal_selector cardinal_select_prefix(const void *prefix, size_t len);
/* Keys from `from` on and before `to`, bytewise; an empty one leaves that end open. */
CARDINAL_API cardinal_selector cardinal_select_range(cardinal_key from, cardinal_key to);

/* A number of distinct values, and how sure it is. */
typedef struct cardinal_estimate {
    double value;
    double rse; /* relative standard error: 0.0065 is 0.65 % */
} cardinal_estimate;

/* One key's estimates, in the order of the answer's columns. */
typedef struct cardinal_row {
    cardinal_key key;
    bool found;
    const cardinal_estimate *estimates;
} cardinal_row;

typedef struct cardinal_counts {
    const char *const *columns;
    size_t column_count;
    const cardinal_row *rows; /* one for each key asked for, in that order */
    size_t row_count;
} cardinal_counts;

CARDINAL_API void cardinal_counts_free(cardinal_counts *counts); /* accepts NULL */

/* Estimates of listed keys; no columns: all. Lists of any length: long ones are
 * asked for in several requests. */
CARDINAL_API cardinal_status cardinal_count(cardinal_client *client, const char *table,
                                            const cardinal_key *keys, size_t key_count,
                                            const char *const *columns, size_t column_count,
                                            cardinal_counts **out);

typedef struct cardinal_union_result {
    uint64_t keys; /* keys meant that exist, each once */
    const char *const *columns;
    const cardinal_estimate *estimates; /* one a column */
    size_t column_count;
} cardinal_union_result;

CARDINAL_API void cardinal_union_free(cardinal_union_result *result); /* accepts NULL */

/* Distinct values over all selected keys together. */
CARDINAL_API cardinal_status cardinal_union(cardinal_client *client, const char *table,
                                            const cardinal_selector *selector,
                                            const char *const *columns, size_t column_count,
                                            cardinal_union_result **out);

/* The limit (1 to 10,000) selected keys with the most distinct values in a column,
 * the most first, keys of equal estimates bytewise. Keys without a value there are
 * left out, so there may be fewer rows. */
CARDINAL_API cardinal_status cardinal_top(cardinal_client *client, const char *table,
                                          const char *column, const cardinal_selector *selector,
                                          unsigned limit, cardinal_counts **out);

/* Several questions on their way at once: _start() makes one, _wait() waits for its
 * answer and consumes the handle, in any order. Questions are held until some
 * kilobytes are together, so that many travel in one piece; any waiting call and
 * cardinal_poll() send them. key_count and columns are
 * limited to what one request holds. */
typedef struct cardinal_pending cardinal_pending;
CARDINAL_API cardinal_status cardinal_count_start(cardinal_client *client, const char *table,
                                                  const cardinal_key *keys, size_t key_count,
                                                  const char *const *columns, size_t column_count,
                                                  cardinal_pending **out);
CARDINAL_API cardinal_status cardinal_count_wait(cardinal_pending *pending, cardinal_counts **out);
CARDINAL_API cardinal_status cardinal_union_start(cardinal_client *client, const char *table,
                                                  const cardinal_selector *selector,
                                                  const char *const *columns, size_t column_count,
                                                  cardinal_pending **out);
CARDINAL_API cardinal_status cardinal_union_wait(cardinal_pending *pending,
                                                 cardinal_union_result **out);
CARDINAL_API void cardinal_pending_drop(cardinal_pending *pending); /* gives up on the answer */

/* A scan: keys in bytewise order with their estimates, fetched page by page. */
typedef struct cardinal_scan cardinal_scan;

/* limit: keys in all, 0: every one. selector: not a list. */
CARDINAL_API cardinal_status cardinal_scan_open(cardinal_client *client, const char *table,
                                                const cardinal_selector *selector,
                                                const char *const *columns, size_t column_count,
                                                uint64_t limit, cardinal_scan **out);
/* The next row, which lives until the following call, or *row NULL at the end. */
CARDINAL_API cardinal_status cardinal_scan_next(cardinal_scan *scan, const cardinal_row **row);
/* The columns of its rows; known from the first cardinal_scan_next() on. */
CARDINAL_API const char *const *cardinal_scan_columns(const cardinal_scan *scan, size_t *count);
CARDINAL_API void cardinal_scan_close(cardinal_scan *scan); /* accepts NULL */

/* Removes keys; *deleted (may be NULL) says how many there were. */
CARDINAL_API cardinal_status cardinal_delete(cardinal_client *client, const char *table,
                                             const cardinal_selector *selector, uint64_t *deleted);

/* ---- sketches --------------------------------------------------------- */

/* An estimate with its standard error, in the unit of the value. */
typedef struct cardinal_quantity {
    double value;
    double error;
} cardinal_quantity;

/* How two groups of keys overlap in a column. */
typedef struct cardinal_overlap {
    uint64_t keys_a; /* keys of each group that exist */
    uint64_t keys_b;
    cardinal_quantity a;
    cardinal_quantity b;
    cardinal_quantity both;   /* the union: distinct values in either */
    cardinal_quantity common; /* the intersection: distinct values in both */
    cardinal_quantity jaccard;
    cardinal_quantity only_a;
    cardinal_quantity only_b;
    bool below_noise; /* common is less than the sketches can tell from none */
    bool tokens;      /* both groups were small enough to be compared value by value */
} cardinal_overlap;

/* How much two groups of keys overlap in a column; a group may be chosen in any way,
 * and groups may share keys. Groups whose sketches are still tokens are compared value
 * by value, others by what makes their registers most likely. */
CARDINAL_API cardinal_status cardinal_compare(cardinal_client *client, const char *table,
                                              const char *column, const cardinal_selector *a,
                                              const cardinal_selector *b, cardinal_overlap *out);

/* Merges what the selected keys hold into one key, in the daemon; the keys
 * merged stay. keys (may be NULL): how many there were. Merging twice is merging
 * once, so that it is retried like ingest. Answered as the client's options say. */
CARDINAL_API cardinal_status cardinal_merge(cardinal_client *client, const char *table,
                                            cardinal_key into, const cardinal_selector *from,
                                            uint64_t *keys);

typedef enum cardinal_format {
    CARDINAL_FORMAT_NATIVE = 0,      /* keeps everything, says its hash and seed, checksummed */
    CARDINAL_FORMAT_REDIS = 1,       /* Redis's and Valkey's string, sparse where that is smaller */
    CARDINAL_FORMAT_REDIS_DENSE = 2, /* the same, always dense */
    CARDINAL_FORMAT_DORIS = 3,       /* Apache Doris and StarRocks */
    CARDINAL_FORMAT_POSTGRES = 4,    /* postgresql-hll, (14, 5) */
} cardinal_format;

/* Receives one sketch, which is only there during the call; false ends the export. */
typedef bool cardinal_sketch_visit(cardinal_key key, const void *sketch, size_t len, void *arg);

/* The sketches of one column under the selected keys that exist, in key order. */
CARDINAL_API cardinal_status cardinal_export(cardinal_client *client, const char *table,
                                             const char *column, const cardinal_selector *selector,
                                             cardinal_format format, cardinal_sketch_visit *visit,
                                             void *arg);

/* Merges a sketch into a key's column, answered as the client's options say. any_hash
 * takes a sketch whose format does not say its hash for one made under the table's;
 * changed may be NULL. */
CARDINAL_API cardinal_status cardinal_import(cardinal_client *client, const char *table,
                                             const char *column, cardinal_key key,
                                             cardinal_format format, const void *sketch, size_t len,
                                             bool any_hash, bool *changed);

/* ---- the server's disk ------------------------------------------------ */

typedef struct cardinal_checkpoint_result {
    uint64_t snapshot; /* its number, which is in its file's name */
    uint64_t tables;
    uint64_t keys;
    uint64_t bytes; /* of the file */
} cardinal_checkpoint_result;

/* Has the server write a snapshot of everything: what was answered before the call is
 * on disk then. CARDINAL_FAILED_PRECONDITION: the server keeps nothing on disk. It takes
 * as long as the disk does: mind request_timeout_ms. out may be NULL. */
CARDINAL_API cardinal_status cardinal_checkpoint(cardinal_client *client,
                                                 cardinal_checkpoint_result *out);

typedef struct cardinal_backup_result {
    uint64_t snapshot; /* the number of the one that it holds */
    uint64_t tables;
    uint64_t keys;
    uint64_t bytes; /* of all files */
} cardinal_backup_result;

/* Has the server copy everything into a new directory of its own machine, an absolute
 * path: what was answered before the call is in it, and a server starts from it.
 * CARDINAL_ALREADY_EXISTS: there is something of that name. out may be NULL. */
CARDINAL_API cardinal_status cardinal_backup(cardinal_client *client, const char *directory,
                                             cardinal_backup_result *out);

/* ---- the server's figures --------------------------------------------- */

typedef struct cardinal_stat {
    const char *name; /* unit in the name: cpu_user_ns, resident_bytes */
    uint64_t value;
} cardinal_stat;

typedef struct cardinal_stats {
    const char *version;
    const cardinal_stat *stats;
    size_t count;
} cardinal_stats;

/* The server's figures as of now; give them back with cardinal_stats_free(). */
CARDINAL_API cardinal_status cardinal_stats_get(cardinal_client *client, cardinal_stats **out);
/* A figure by name; 0 if there is none. */
CARDINAL_API uint64_t cardinal_stats_value(const cardinal_stats *stats, const char *name);
CARDINAL_API void cardinal_stats_free(cardinal_stats *stats); /* accepts NULL */

#ifdef __cplusplus
}
#endif

#endif
