#include "client/bench/redis_address.h"

#include <stdlib.h>
#include <string.h>

static const char tcp_scheme[] = "redis://";
static const char unix_scheme[] = "redis+unix://";

static const char *after(const char *text, const char *scheme)
{
    size_t len = strlen(scheme);
    return strncmp(text, scheme, len) == 0 ? text + len : NULL;
}

bool redis_address_is_meant(const char *text)
{
    return after(text, tcp_scheme) != NULL || after(text, unix_scheme) != NULL;
}

static bool take_host(struct redis_address *address, const char *text, size_t len)
{
    if (len == 0 || len >= sizeof address->host)
        return false;
    memcpy(address->host, text, len);
    address->host[len] = '\0';
    return true;
}

/* ":PORT", "/" or nothing; a "/" may end both. */
static bool take_port(struct redis_address *address, const char *text)
{
    address->port = REDIS_PORT;
    if (*text == ':') {
        size_t digits = strspn(++text, "0123456789");
        if (digits == 0 || digits > 5)
            return false;
        address->port = atoi(text);
        text += digits;
    }
    bool ends = text[0] == '\0' || (text[0] == '/' && text[1] == '\0');
    return ends && address->port > 0 && address->port <= 65535;
}

static bool parse_tcp(struct redis_address *address, const char *text)
{
    if (*text != '[') {
        size_t len = strcspn(text, ":/");
        return take_host(address, text, len) && take_port(address, text + len);
    }
    size_t len = strcspn(++text, "]");
    return text[len] == ']' && take_host(address, text, len) && take_port(address, text + len + 1);
}

bool redis_address_parse(const char *text, struct redis_address *out)
{
    struct redis_address address = { .port = 0 };
    const char *path = after(text, unix_scheme);
    const char *host = after(text, tcp_scheme);
    bool valid = path != NULL   ? take_host(&address, path, strlen(path))
                 : host != NULL ? parse_tcp(&address, host)
                                : false;
    if (valid)
        *out = address;
    return valid;
}
