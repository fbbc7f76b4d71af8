#include "daemon/server/address.h"

#include <string.h>

#include "tests/unit/run_suite.h"

static struct address parsed(const char *text)
{
    struct address address;
    struct error err = { ST_OK, "" };

    ck_assert_msg(address_parse(text, &address, &err) == ST_OK, "%s: %s", text, err.text);
    return address;
}

START_TEST(address_reads_back_as_it_was_written)
{
    static const char *const texts[] = { "tcp://127.0.0.1:7410",  "tcp://0.0.0.0:0",
                                         "tcp://[::1]:65535",     "tcp://[2001:db8::5]:1",
                                         "unix:///run/card.sock", "unix:///tmp/a b" };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct address address = parsed(texts[i]);
        char text[ADDRESS_TEXT_MAX];
        address_format(&address, text);
        ck_assert_str_eq(text, texts[i]);
    }
}
END_TEST

START_TEST(address_takes_localhost_for_its_number)
{
    struct address address = parsed("tcp://localhost:80");
    char text[ADDRESS_TEXT_MAX];

    address_format(&address, text);
    ck_assert_str_eq(text, "tcp://127.0.0.1:80");
}
END_TEST

START_TEST(address_refuses_what_is_none_and_says_why)
{
    static const struct {
        const char *text;
        const char *why;
    } bad[] = {
        { "", "begins neither" },
        { "127.0.0.1:7410", "begins neither" },
        { "http://127.0.0.1:1", "begins neither" },
        { "tcp://127.0.0.1", "port" },
        { "tcp://127.0.0.1:", "port" },
        { "tcp://127.0.0.1:65536", "port" },
        { "tcp://127.0.0.1:000001", "port" },
        { "tcp://127.0.0.1:+1", "port" },
        { "tcp://127.0.0.1:1x", "port" },
        { "tcp://:7410", "numeric" },
        { "tcp://example.org:7410", "numeric" },
        { "tcp://::1:7410", "numeric" },
        { "tcp://[::1:7410", "bracket" },
        { "tcp://[]:7410", "numeric" },
        { "tcp://[:1", "bracket" },
        { "tcp://[127.0.0.1]:7410", "numeric" },
        { "tcp://1111111111111111111111111111111111111111111111111111:1", "numeric" },
        { "unix://", "absolute" },
        { "unix://relative", "absolute" },
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct address address;
        struct error err;
        ck_assert_int_eq(address_parse(bad[i].text, &address, &err), ST_INVALID_ARGUMENT);
        ck_assert_msg(strstr(err.text, bad[i].why) != NULL, "%s: %s", bad[i].text, err.text);
    }
}
END_TEST

START_TEST(address_takes_a_path_up_to_what_a_socket_can_have)
{
    char text[256];
    struct address address;
    struct error err;

    memset(text, 'x', sizeof text);
    memcpy(text, "unix:///", 8);
    text[7 + 107] = '\0';
    ck_assert_int_eq(address_parse(text, &address, &err), ST_OK);
    text[7 + 107] = 'x';
    text[7 + 108] = '\0';
    ck_assert_int_eq(address_parse(text, &address, &err), ST_INVALID_ARGUMENT);
}
END_TEST

START_TEST(address_tells_loopback_from_the_rest)
{
    static const char *const local[] = { "tcp://127.0.0.1:1", "tcp://127.255.0.9:1",
                                         "tcp://[::1]:1", "unix:///x" };
    static const char *const public[] = { "tcp://0.0.0.0:1", "tcp://10.0.0.1:1", "tcp://[::]:1",
                                          "tcp://[fe80::1]:1", "tcp://[::ffff:127.0.0.1]:1" };

    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) {
        struct address address = parsed(local[i]);
        ck_assert_msg(!address_is_public(&address), "%s", local[i]);
    }
    for (size_t i = 0; i < sizeof public / sizeof public[0]; i++) {
        struct address address = parsed(public[i]);
        ck_assert_msg(address_is_public(&address), "%s", public[i]);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        address_reads_back_as_it_was_written,
        address_takes_localhost_for_its_number,
        address_refuses_what_is_none_and_says_why,
        address_takes_a_path_up_to_what_a_socket_can_have,
        address_tells_loopback_from_the_rest,
    };

    return RUN_SUITE("address", tests);
}
