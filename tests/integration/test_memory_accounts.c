/* What the daemon says that its tables take is what the process has grown by. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/integration/harness/process.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/memory_scene.h"

#define SETTLE_MS 15000
#define OFF_PERCENT 5
#define WARM_SHARE 20u /* of a table's keys, filled and dropped beforehand */

struct shape {
    unsigned columns;
    unsigned used; /* of them */
    uint32_t keys;
    uint32_t values; /* in each used column */
};

static void fill(struct memory_scene *scene, const char *name, const struct shape *shape,
                 uint32_t keys)
{
    cardinal_batch *batch;
    memory_make_table(scene, name, shape->columns);
    ck_assert_int_eq(cardinal_batch_open(scene->client, name, NULL, 0, NULL, &batch), CARDINAL_OK);
    for (uint32_t key = 0; key < keys; key++) {
        char text[MEMORY_KEY_BYTES + 1];
        memory_key(text, key);
        for (unsigned column = 0; column < shape->used; column++) {
            for (uint32_t i = 0; i < shape->values; i++)
                ck_assert_int_eq(cardinal_batch_int(batch, text, MEMORY_KEY_BYTES, column,
                                                    (int64_t)key * shape->values + i),
                                 CARDINAL_OK);
        }
    }
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK);
    cardinal_batch_close(batch);
}

/* By how many percent of what is resident the account is off. */
static double percent_off(const struct memory_figures *before, const struct memory_figures *after)
{
    double resident = (double)after->resident - (double)before->resident;
    double accounted = (double)after->accounted - (double)before->accounted;
    return (accounted - resident) / resident * 100;
}

/* Reads until what the requests took beside their tables has been given back. */
static double wait_for_agreement(struct memory_scene *scene, const struct memory_figures *before,
                                 struct memory_figures *after)
{
    int64_t deadline = now_ms() + SETTLE_MS;
    double off;
    do {
        sleep_ms(100);
        memory_read(scene, after);
        off = percent_off(before, after);
    } while ((off < -OFF_PERCENT || off > OFF_PERCENT) && now_ms() < deadline);
    return off;
}

/* Has the process taken what it takes for the requests, and given back what it had for
 * the tables. */
static void warm_up(struct memory_scene *scene, const struct shape *shape,
                    struct memory_figures *before)
{
    int64_t deadline = now_ms() + SETTLE_MS;
    fill(scene, "before", shape, shape->keys / WARM_SHARE);
    ck_assert_int_eq(cardinal_table_drop(scene->client, "before", false, NULL), CARDINAL_OK);
    do {
        sleep_ms(100);
        memory_read(scene, before);
    } while (before->heap_used > ((uint64_t)64 << 10) && now_ms() < deadline);
    sleep_ms(3000); /* until the C library has given back, too */
    memory_read(scene, before);
}

static void check_shape(const struct shape *shape)
{
    struct memory_scene scene;
    struct memory_figures before;
    struct memory_figures after;
    memory_begin(&scene, NULL);
    warm_up(&scene, shape, &before);
    fill(&scene, "t", shape, shape->keys);
    double off = wait_for_agreement(&scene, &before, &after);
    printf("%u keys, %u of %u columns, %u values each: %.1f bytes a key resident, the account is "
           "%+.1f %% off\n",
           shape->keys, shape->used, shape->columns, shape->values,
           (double)(after.resident - before.resident) / shape->keys, off);
    memory_show("before", &before);
    memory_show("after", &after);
    ck_assert_double_ge(off, -OFF_PERCENT);
    ck_assert_double_le(off, OFF_PERCENT);
    memory_end(&scene);
}

START_TEST(keys_of_one_value_are_accounted_for)
{
    check_shape(&(struct shape){ .columns = 1, .used = 1, .keys = 300000, .values = 1 });
}
END_TEST

START_TEST(keys_of_some_values_are_accounted_for)
{
    check_shape(&(struct shape){ .columns = 1, .used = 1, .keys = 60000, .values = 30 });
}
END_TEST

START_TEST(keys_of_many_values_are_accounted_for)
{
    check_shape(&(struct shape){ .columns = 1, .used = 1, .keys = 8000, .values = 800 });
}
END_TEST

START_TEST(many_columns_are_accounted_for)
{
    check_shape(&(struct shape){ .columns = 11, .used = 11, .keys = 100000, .values = 1 });
}
END_TEST

START_TEST(unused_columns_are_accounted_for)
{
    check_shape(&(struct shape){ .columns = 256, .used = 1, .keys = 300000, .values = 1 });
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        keys_of_one_value_are_accounted_for,   keys_of_some_values_are_accounted_for,
        keys_of_many_values_are_accounted_for, many_columns_are_accounted_for,
        unused_columns_are_accounted_for,
    };
    return RUN_INTEGRATION("memory_accounts", tests);
}
