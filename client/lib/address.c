#include "client/lib/address.h"

#include <stdlib.h>
#include <string.h>

static cardinal_status bad(struct fault *fault, const char *text, const char *why)
{
    return fault_set(fault, CARDINAL_ERR_ADDRESS, "bad address '%.200s': %s", text, why);
}

static bool copy_part(char *out, size_t size, const char *from, size_t len)
{
    if (len == 0 || len >= size)
        return false;
    memcpy(out, from, len);
    out[len] = '\0';
    return true;
}

static bool port_is_valid(const char *port)
{
    if (port[0] == '\0' || strlen(port) >= ADDRESS_PORT_MAX ||
        strspn(port, "0123456789") != strlen(port))
        return false;
    long number = strtol(port, NULL, 10);
    return number >= 1 && number <= 65535;
}

static cardinal_status parse_tcp(struct address *out, const char *rest, const char *text,
                                 struct fault *fault)
{
    const char *colon = strrchr(rest, ':');
    if (colon == NULL || !port_is_valid(colon + 1))
        return bad(fault, text, "it needs a port from 1 to 65535");
    size_t host_len = (size_t)(colon - rest);
    if (rest[0] == '[') {
        if (host_len < 2 || colon[-1] != ']')
            return bad(fault, text, "the bracket is not closed before the port");
        rest++;
        host_len -= 2;
    } else if (memchr(rest, ':', host_len) != NULL) {
        return bad(fault, text, "an IPv6 address goes in brackets");
    }
    if (!copy_part(out->host, sizeof out->host, rest, host_len))
        return bad(fault, text, "the host is empty or too long");
    copy_part(out->port, sizeof out->port, colon + 1, strlen(colon + 1));
    return CARDINAL_OK;
}

cardinal_status address_parse(struct address *out, const char *text, struct fault *fault)
{
    static const char tcp[] = "tcp://";
    static const char unix_[] = "unix://";
    *out = (struct address){ 0 };
    if (strncmp(text, tcp, sizeof tcp - 1) == 0)
        return parse_tcp(out, text + sizeof tcp - 1, text, fault);
    if (strncmp(text, unix_, sizeof unix_ - 1) != 0)
        return bad(fault, text, "it begins with neither tcp:// nor unix://");
    const char *path = text + sizeof unix_ - 1;
    out->local = true;
    if (!copy_part(out->path, sizeof out->path, path, strlen(path)))
        return bad(fault, text, "the path is empty or too long");
    return CARDINAL_OK;
}
