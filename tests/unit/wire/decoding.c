#include "tests/unit/wire/decoding.h"

#include <check.h>
#include <string.h>

#include "tests/unit/wire/packed.h"

struct arena new_arena(void)
{
    struct arena arena;
    arena_init(&arena, 4096, DECODE_ARENA_BYTES(1 << 20, DECODING_KEYS));
    return arena;
}

void assert_bytes_refused(decoder *decode, struct bytes_view body, enum status status,
                          const char *text)
{
    struct arena arena = new_arena();
    struct error err;
    ck_assert_int_eq(decode(body, &arena, &err), status);
    ck_assert_int_eq(err.code, status);
    ck_assert_msg(strstr(err.text, text) != NULL, "'%s' is not in '%s'", text, err.text);
    arena_release(&arena);
}

void assert_refused(decoder *decode, const void *message, const char *text)
{
    struct bytes_view body = pack_message(message);
    assert_bytes_refused(decode, body, ST_INVALID_ARGUMENT, text);
    free_packed(body);
}
