/* max_memory reached for real, by several clients at once: batches are applied whole
 * or refused whole, what needs nothing goes on, and the process stays below. */
#include <check.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "tests/integration/harness/process.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/memory_scene.h"

#define LIMIT ((uint64_t)64 << 20)
#define LIMIT_TEXT "64MiB"
#define MORE_PERCENT 110u /* of the limit that may be resident at most */
#define CLIENTS 3u
#define BATCH_KEYS 500u
#define BATCHES_MAX 4000u
#define REFUSALS 40u /* that a client takes before it gives up */
#define SETTLE_MS 20000

static const char *const options[] = { "--max-memory", LIMIT_TEXT, NULL };

/* A client that adds batches until enough of them were refused. */
struct flooder {
    struct memory_scene *scene;
    unsigned number;
    uint32_t values; /* a key */
    uint32_t keys;   /* a batch */
    bool same_keys;  /* every batch has the same, and other values */
    uint32_t batches;
    bool applied[BATCHES_MAX];
    uint32_t refused;
    char wrong[256]; /* what should not have come about */
};

static atomic_uint running;

/* Keys and values of a batch are its own, or the values alone are. */
static uint64_t key_number(const struct flooder *flooder, uint32_t batch, uint32_t key)
{
    uint64_t first = flooder->same_keys ? 0 : (uint64_t)batch * flooder->keys;
    return (first + key) * CLIENTS + flooder->number;
}

static cardinal_status add_batch(struct flooder *flooder, cardinal_batch *batch, uint32_t number)
{
    for (uint32_t key = 0; key < flooder->keys; key++) {
        char name[MEMORY_KEY_BYTES + 1];
        memory_key(name, key_number(flooder, number, key));
        for (uint32_t i = 0; i < flooder->values; i++) {
            int64_t value = ((int64_t)number * flooder->keys + key) * flooder->values + i;
            cardinal_status status = cardinal_batch_int(batch, name, MEMORY_KEY_BYTES, 0,
                                                        value * CLIENTS + (int64_t)flooder->number);
            if (status != CARDINAL_OK)
                return status;
        }
    }
    return cardinal_batch_flush(batch);
}

/* A refusal says why, and of which table. */
static void take_refusal(struct flooder *flooder, cardinal_batch *batch, cardinal_status status,
                         const char *text)
{
    cardinal_failed *failed;
    if (status != CARDINAL_RESOURCE_EXHAUSTED || strstr(text, "'t'") == NULL)
        snprintf(flooder->wrong, sizeof flooder->wrong, "%d: %.200s", (int)status, text);
    while ((failed = cardinal_batch_failed(batch)) != NULL)
        cardinal_failed_free(failed);
    flooder->refused++;
}

static void *flood(void *arg)
{
    struct flooder *flooder = arg;
    cardinal_client *client = memory_connect(flooder->scene);
    cardinal_batch_options whole = CARDINAL_BATCH_OPTIONS_INIT;
    cardinal_batch *batch = NULL;
    whole.max_values = UINT32_C(1) << 20;
    whole.max_age_ms = 3600000;
    cardinal_status status = cardinal_batch_open(client, "t", NULL, 0, &whole, &batch);
    if (status != CARDINAL_OK)
        snprintf(flooder->wrong, sizeof flooder->wrong, "%.200s", cardinal_error(client));
    while (batch != NULL && flooder->batches < BATCHES_MAX && flooder->refused < REFUSALS &&
           flooder->wrong[0] == '\0') {
        status = add_batch(flooder, batch, flooder->batches);
        if (status != CARDINAL_OK)
            take_refusal(flooder, batch, status, cardinal_error(client));
        flooder->applied[flooder->batches++] = status == CARDINAL_OK;
    }
    cardinal_batch_close(batch);
    cardinal_close(client);
    atomic_fetch_sub(&running, 1);
    return NULL;
}

/* Lets the flooders run, and demands that the process stays below the limit. */
static void flood_all(struct memory_scene *scene, struct flooder *flooders)
{
    pthread_t threads[CLIENTS];
    uint64_t most = 0;
    uint32_t refused = 0;
    uint32_t batches = 0;
    atomic_store(&running, CLIENTS);
    for (unsigned i = 0; i < CLIENTS; i++) {
        flooders[i].scene = scene;
        flooders[i].number = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, flood, &flooders[i]), 0);
    }
    while (atomic_load(&running) > 0) {
        uint64_t resident = process_resident_bytes(scene->daemon.pid);
        most = resident > most ? resident : most;
        sleep_ms(2);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_str_eq(flooders[i].wrong, "");
        refused += flooders[i].refused;
        batches += flooders[i].batches;
    }
    printf("%u batches, %u of them refused; at most %.1f MiB resident of %s\n", batches, refused,
           (double)most / 1048576.0, LIMIT_TEXT);
    ck_assert_uint_gt(refused, CLIENTS);
    ck_assert_uint_ge(most, LIMIT / 3);
    ck_assert_uint_le(most, LIMIT * MORE_PERCENT / 100);
}

/* How many of a batch's keys there are. */
static uint32_t count_present(struct memory_scene *scene, const struct flooder *flooder,
                              uint32_t batch)
{
    static char names[BATCH_KEYS][MEMORY_KEY_BYTES + 1];
    cardinal_key keys[BATCH_KEYS];
    cardinal_counts *counts;
    uint32_t present = 0;
    for (uint32_t i = 0; i < BATCH_KEYS; i++) {
        memory_key(names[i], key_number(flooder, batch, i));
        keys[i] = (cardinal_key){ names[i], MEMORY_KEY_BYTES };
    }
    ck_assert_int_eq(cardinal_count(scene->client, "t", keys, BATCH_KEYS, NULL, 0, &counts),
                     CARDINAL_OK);
    for (size_t i = 0; i < counts->row_count; i++)
        present += counts->rows[i].estimates[0].value > 0.5;
    cardinal_counts_free(counts);
    return present;
}

/* Adds a batch of a flooder again; its status. */
static cardinal_status add_again(struct memory_scene *scene, struct flooder *flooder,
                                 uint32_t number)
{
    cardinal_batch *batch;
    ck_assert_int_eq(cardinal_batch_open(scene->client, "t", NULL, 0, NULL, &batch), CARDINAL_OK);
    cardinal_status status = add_batch(flooder, batch, number);
    cardinal_batch_close(batch);
    return status;
}

/* A batch of a flooder that was refused, the last one, or applied, the first one. */
static uint32_t find_batch(const struct flooder *flooder, bool applied)
{
    uint32_t at = applied ? 0 : flooder->batches - 1;
    while (flooder->applied[at] != applied)
        at = applied ? at + 1 : at - 1;
    return at;
}

static struct flooder flooders[CLIENTS];

static void begin(struct memory_scene *scene, uint32_t keys, uint32_t values, bool same_keys)
{
    memset(flooders, 0, sizeof flooders);
    for (unsigned i = 0; i < CLIENTS; i++)
        flooders[i] = (struct flooder){ .keys = keys, .values = values, .same_keys = same_keys };
    memory_begin(scene, options);
    memory_make_table(scene, "t", 1);
}

static void delete_all_but(struct memory_scene *scene, const char *from)
{
    cardinal_key first = { "", 0 };
    cardinal_key end = { from, strlen(from) };
    cardinal_selector low = cardinal_select_range(first, end);
    uint64_t deleted;
    ck_assert_int_eq(cardinal_delete(scene->client, "t", &low, &deleted), CARDINAL_OK);
    ck_assert_uint_gt(deleted, 0);
}

/* Until what was refused is applied. */
static void wait_for_room(struct memory_scene *scene, struct flooder *flooder)
{
    int64_t deadline = now_ms() + SETTLE_MS;
    while (add_again(scene, flooder, find_batch(flooder, false)) != CARDINAL_OK) {
        ck_assert_int_lt(now_ms(), deadline);
        sleep_ms(50);
    }
}

START_TEST(new_keys_beyond_the_limit_are_refused_in_whole_batches)
{
    struct memory_scene scene;
    begin(&scene, BATCH_KEYS, 1, false);
    flood_all(&scene, flooders);
    for (unsigned i = 0; i < CLIENTS; i++) {
        for (uint32_t batch = 0; batch < flooders[i].batches; batch++)
            ck_assert_uint_eq(count_present(&scene, &flooders[i], batch),
                              flooders[i].applied[batch] ? BATCH_KEYS : 0);
        ck_assert_int_eq(add_again(&scene, &flooders[i], find_batch(&flooders[i], true)),
                         CARDINAL_OK);
    }
    ck_assert_uint_gt(call_stat(&scene.wire, "refused.max_memory"), 0);
    delete_all_but(&scene, "5");
    wait_for_room(&scene, &flooders[0]);
    ck_assert_uint_eq(count_present(&scene, &flooders[0], find_batch(&flooders[0], false)),
                      BATCH_KEYS);
    memory_end(&scene);
}
END_TEST

START_TEST(sketches_grow_to_the_limit_and_no_further)
{
    struct memory_scene scene;
    begin(&scene, 3000, 4, true);
    flood_all(&scene, flooders);
    ck_assert_int_eq(add_again(&scene, &flooders[1], find_batch(&flooders[1], true)), CARDINAL_OK);
    delete_all_but(&scene, "5");
    wait_for_room(&scene, &flooders[1]);
    memory_end(&scene);
}
END_TEST

/* A sketch that was exported. */
struct kept {
    uint8_t bytes[65536];
    size_t len;
};

static bool keep(cardinal_key key, const void *sketch, size_t len, void *arg)
{
    struct kept *kept = arg;
    (void)key;
    ck_assert_uint_le(len, sizeof kept->bytes);
    memcpy(kept->bytes, sketch, len);
    kept->len = len;
    return true;
}

START_TEST(imports_and_merges_stop_at_the_limit)
{
    struct memory_scene scene;
    static struct kept kept;
    char name[MEMORY_KEY_BYTES + 1];
    uint64_t most = 0;
    uint32_t imported = 0;
    cardinal_status status = CARDINAL_OK;
    begin(&scene, 1, 200000, true);
    ck_assert_int_eq(add_again(&scene, &flooders[0], 0), CARDINAL_OK);
    cardinal_selector all = cardinal_select_all();
    ck_assert_int_eq(
        cardinal_export(scene.client, "t", "c0", &all, CARDINAL_FORMAT_NATIVE, keep, &kept),
        CARDINAL_OK);
    while (status == CARDINAL_OK) {
        memory_key(name, 1000 + imported++);
        cardinal_key key = { name, MEMORY_KEY_BYTES };
        bool changed;
        status = cardinal_import(scene.client, "t", "c0", key, CARDINAL_FORMAT_NATIVE, kept.bytes,
                                 kept.len, false, &changed);
        uint64_t resident = process_resident_bytes(scene.daemon.pid);
        most = resident > most ? resident : most;
    }
    printf("%u sketches imported, at most %.1f MiB resident\n", imported, (double)most / 1048576.0);
    ck_assert_int_eq(status, CARDINAL_RESOURCE_EXHAUSTED);
    ck_assert_ptr_nonnull(strstr(cardinal_error(scene.client), "'t'"));
    ck_assert_uint_eq(call_keys(&scene.wire, "t"), imported);
    ck_assert_uint_ge(most, LIMIT / 2);
    ck_assert_uint_le(most, LIMIT * MORE_PERCENT / 100);
    cardinal_key into = { "merged", 6 };
    for (uint32_t i = 0; i < 100 && status != CARDINAL_OK; i++)
        status = cardinal_merge(scene.client, "t", into, &all, NULL);
    ck_assert_int_eq(status, CARDINAL_RESOURCE_EXHAUSTED);
    ck_assert_uint_eq(call_keys(&scene.wire, "t"), imported);
    delete_all_but(&scene, "5");
    int64_t deadline = now_ms() + SETTLE_MS;
    while (cardinal_merge(scene.client, "t", into, &all, NULL) != CARDINAL_OK) {
        ck_assert_int_lt(now_ms(), deadline);
        sleep_ms(50);
    }
    memory_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        new_keys_beyond_the_limit_are_refused_in_whole_batches,
        sketches_grow_to_the_limit_and_no_further,
        imports_and_merges_stop_at_the_limit,
    };
    return RUN_INTEGRATION("memory_limit", tests);
}
