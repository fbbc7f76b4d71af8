#include "daemon/server/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char tcp_scheme[] = "tcp://";
static const char unix_scheme[] = "unix://";

static enum status bad_address(const char *text, const char *why, struct error *err)
{
    char quoted[128];

    return error_set(err, ST_INVALID_ARGUMENT, "bad address '%s': %s",
                     error_quote(quoted, sizeof quoted, text, strlen(text)), why);
}

static bool parse_port(const char *text, in_port_t *out)
{
    unsigned port = 0;

    if (*text == '\0' || strlen(text) > 5)
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        port = port * 10 + (unsigned)(*text - '0');
    }
    if (port > 65535)
        return false;
    *out = htons((in_port_t)port);
    return true;
}

static bool parse_host(const char *host, bool bracketed, in_port_t port, struct address *out)
{
    struct sockaddr_in ip4 = { .sin_family = AF_INET, .sin_port = port };
    struct sockaddr_in6 ip6 = { .sin6_family = AF_INET6, .sin6_port = port };

    if (bracketed) {
        if (inet_pton(AF_INET6, host, &ip6.sin6_addr) != 1)
            return false;
        out->socket.ip6 = ip6;
        out->len = sizeof ip6;
        return true;
    }
    if (inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &ip4.sin_addr) != 1)
        return false;
    out->socket.ip4 = ip4;
    out->len = sizeof ip4;
    return true;
}

static enum status parse_tcp(const char *text, struct address *out, struct error *err)
{
    const char *host = text + strlen(tcp_scheme);
    bool bracketed = *host == '[';
    const char *colon = strrchr(host, ':');
    const char *end = colon;
    char copy[INET6_ADDRSTRLEN];
    in_port_t port;

    if (colon == NULL || !parse_port(colon + 1, &port))
        return bad_address(text, "it needs a port, 0 to 65535", err);
    if (bracketed) {
        host++;
        end--;
        if (end < host || *end != ']')
            return bad_address(text, "a bracket is missing before the port", err);
    }
    size_t len = (size_t)(end - host);
    if (len >= sizeof copy)
        return bad_address(text, "the host is not a numeric address", err);
    memcpy(copy, host, len);
    copy[len] = '\0';
    if (!parse_host(copy, bracketed, port, out))
        return bad_address(text, "the host is not a numeric address (IPv6 goes in brackets)", err);
    return ST_OK;
}

static enum status parse_unix(const char *text, struct address *out, struct error *err)
{
    const char *path = text + strlen(unix_scheme);
    struct sockaddr_un local = { .sun_family = AF_UNIX };

    if (*path != '/')
        return bad_address(text, "the path must be absolute", err);
    if (strlen(path) >= sizeof local.sun_path)
        return bad_address(text, "the path is longer than 107 bytes", err);
    memcpy(local.sun_path, path, strlen(path));
    out->socket.local = local;
    out->len = sizeof local;
    return ST_OK;
}

enum status address_parse(const char *text, struct address *out, struct error *err)
{
    if (strncmp(text, tcp_scheme, strlen(tcp_scheme)) == 0)
        return parse_tcp(text, out, err);
    if (strncmp(text, unix_scheme, strlen(unix_scheme)) == 0)
        return parse_unix(text, out, err);
    return bad_address(text, "it begins neither with tcp:// nor with unix://", err);
}

void address_format(const struct address *address, char out[ADDRESS_TEXT_MAX])
{
    char host[INET6_ADDRSTRLEN];

    switch (address->socket.any.sa_family) {
    case AF_INET:
        inet_ntop(AF_INET, &address->socket.ip4.sin_addr, host, sizeof host);
        snprintf(out, ADDRESS_TEXT_MAX, "%s%s:%u", tcp_scheme, host,
                 ntohs(address->socket.ip4.sin_port));
        return;
    case AF_INET6:
        inet_ntop(AF_INET6, &address->socket.ip6.sin6_addr, host, sizeof host);
        snprintf(out, ADDRESS_TEXT_MAX, "%s[%s]:%u", tcp_scheme, host,
                 ntohs(address->socket.ip6.sin6_port));
        return;
    default:
        snprintf(out, ADDRESS_TEXT_MAX, "%s%s", unix_scheme, address->socket.local.sun_path);
    }
}

bool address_is_local(const struct address *address)
{
    return address->socket.any.sa_family == AF_UNIX;
}

bool address_is_public(const struct address *address)
{
    switch (address->socket.any.sa_family) {
    case AF_INET:
        return ntohl(address->socket.ip4.sin_addr.s_addr) >> 24 != 127;
    case AF_INET6:
        return !IN6_IS_ADDR_LOOPBACK(&address->socket.ip6.sin6_addr);
    default:
        return false;
    }
}
