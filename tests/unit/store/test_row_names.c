/* Which key a row's number stands for, held against a plain array. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/store/row_names.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"

#define IDS 500u
#define STEPS 20000u

/* Numbers of an LCG: the same in every run. */
static uint32_t next(uint32_t *state, uint32_t end)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) % end;
}

static struct bytes_view key_of(uint32_t number, char text[16])
{
    int len = snprintf(text, 16, "key%u", number % 1000000);
    return (struct bytes_view){ (const uint8_t *)text, (size_t)len };
}

/* The number stands for the key, or for none if that is 0. */
static void check(const struct row_names *names, uint32_t id, uint32_t number)
{
    struct bytes_view key;
    char text[16];
    bool found = row_names_get(names, id, &key);
    if (found != (number != 0))
        ck_abort_msg("%u is %sknown", id, found ? "" : "not ");
    if (found && key_compare(key, key_of(number, text)) != 0)
        ck_abort_msg("%u stands for another key than '%s'", id, text);
}

START_TEST(numbers_stand_for_what_they_were_given_last)
{
    static uint32_t model[IDS];
    struct row_names names;
    struct key_store keys = { NULL, 0 };
    uint32_t state = 7;
    char text[16];
    row_names_init(&names);
    for (uint32_t n = 1; n <= STEPS; n++) {
        uint32_t id = next(&state, IDS);
        uint32_t to = next(&state, IDS);
        uint32_t kind = next(&state, 10);
        if (kind < 5) {
            ck_assert(row_names_set(&names, &keys, id * 3, key_of(n, text)));
            model[id] = n;
        } else if (kind < 8) {
            row_names_forget(&names, id * 3);
            model[id] = 0;
        } else if (id != to) {
            ck_assert(row_names_move(&names, id * 3, to * 3));
            model[to] = model[id];
            model[id] = 0;
        }
        check(&names, id * 3, model[id]);
        check(&names, to * 3, model[to]);
    }
    for (uint32_t id = 0; id < IDS; id++) {
        check(&names, id * 3, model[id]);
        check(&names, id * 3 + 1, 0);
    }
    row_names_release(&names);
    key_store_release(&keys);
}
END_TEST

START_TEST(keys_of_every_length_are_kept)
{
    struct row_names names;
    struct key_store keys = { NULL, 0 };
    uint8_t bytes[1024];
    struct bytes_view key;
    memset(bytes, 'k', sizeof bytes);
    row_names_init(&names);
    for (uint32_t len = 0; len <= sizeof bytes; len++)
        ck_assert(row_names_set(&names, &keys, len, (struct bytes_view){ bytes, len }));
    for (uint32_t len = 0; len <= sizeof bytes; len++) {
        ck_assert(row_names_get(&names, len, &key));
        ck_assert_uint_eq(key.len, len);
        ck_assert(memcmp(key.data, bytes, len) == 0);
    }
    row_names_release(&names);
    key_store_release(&keys);
}
END_TEST

START_TEST(names_survive_every_failing_allocation)
{
    bool failed = true;
    for (long n = 0; failed; n++) {
        struct row_names names;
        struct key_store keys = { NULL, 0 };
        char text[16];
        uint32_t kept = 0;
        row_names_init(&names);
        failing_alloc_arm(n);
        while (kept < 100 && row_names_set(&names, &keys, kept, key_of(kept + 1, text)))
            kept++;
        failed = failing_alloc_disarm();
        ck_assert(failed == (kept < 100));
        for (uint32_t id = 0; id < kept; id++)
            check(&names, id, id + 1);
        row_names_release(&names);
        key_store_release(&keys);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        numbers_stand_for_what_they_were_given_last,
        keys_of_every_length_are_kept,
        names_survive_every_failing_allocation,
    };
    return RUN_SUITE("row_names", tests);
}
