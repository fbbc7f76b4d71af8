#include <check.h>
#include <stdlib.h>

#include "client/bench/redis_address.h"
#include "tests/unit/run_suite.h"

static void assert_address(const char *text, const char *host, int port)
{
    struct redis_address address;
    ck_assert(redis_address_is_meant(text));
    ck_assert(redis_address_parse(text, &address));
    ck_assert_str_eq(address.host, host);
    ck_assert_int_eq(address.port, port);
}

START_TEST(redis_address_has_a_host_and_a_port)
{
    assert_address("redis://127.0.0.1:6380", "127.0.0.1", 6380);
    assert_address("redis://localhost", "localhost", REDIS_PORT);
    assert_address("redis://localhost:1/", "localhost", 1);
    assert_address("redis://[::1]", "::1", REDIS_PORT);
    assert_address("redis://[::1]:65535", "::1", 65535);
}
END_TEST

START_TEST(redis_address_may_be_a_socket)
{
    assert_address("redis+unix:///run/redis.sock", "/run/redis.sock", 0);
    assert_address("redis+unix://redis:1", "redis:1", 0);
}
END_TEST

START_TEST(redis_address_refuses_what_it_cannot_mean)
{
    static const char *const wrong[] = {
        "redis://",        "redis://:6379",
        "redis://h:",      "redis://h:0",
        "redis://h:65536", "redis://h:99999999999",
        "redis://h:1x",    "redis://h/3",
        "redis://[::1",    "redis://[::1]x",
        "redis+unix://",   "tcp://127.0.0.1:7410",
        "unix:///socket",  "",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct redis_address address = { .port = 7 };
        ck_assert_msg(!redis_address_parse(wrong[i], &address), "'%s'", wrong[i]);
        ck_assert_int_eq(address.port, 7);
    }
    ck_assert(!redis_address_is_meant("tcp://127.0.0.1:7410"));
}
END_TEST

START_TEST(redis_address_refuses_a_long_host)
{
    char text[REDIS_ADDRESS_MAX + 20] = "redis://";
    struct redis_address address = { .port = 7 };
    for (size_t i = 8; i < 8 + REDIS_ADDRESS_MAX; i++)
        text[i] = 'h';
    ck_assert(!redis_address_parse(text, &address));
    text[8 + REDIS_ADDRESS_MAX - 1] = '\0';
    ck_assert(redis_address_parse(text, &address));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        redis_address_has_a_host_and_a_port,
        redis_address_may_be_a_socket,
        redis_address_refuses_what_it_cannot_mean,
        redis_address_refuses_a_long_host,
    };
    return RUN_SUITE("redis_address", tests);
}
