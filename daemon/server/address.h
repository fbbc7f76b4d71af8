/* address: where a listener is to be found.
 *
 *     tcp://127.0.0.1:7410    tcp://[::1]:7410    tcp://localhost:0    unix:///run/cardinald.sock
 *
 * Hosts are numbers, or `localhost` for 127.0.0.1: a daemon that asks a name
 * server where to listen gets surprising answers.
 *
 * Plain data; no thread safety needed. */
#ifndef CARDINAL_SERVER_ADDRESS_H
#define CARDINAL_SERVER_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "proto/status.h"

#define ADDRESS_TEXT_MAX 160u /* bytes of an address as text, the NUL included */

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in ip4;
        struct sockaddr_in6 ip6;
        struct sockaddr_un local;
    } socket;
    socklen_t len;
};

/* Reads an address; ST_INVALID_ARGUMENT says what is wrong with it. */
enum status address_parse(const char *text, struct address *out, struct error *err);

/* Writes it in the form that address_parse() reads. */
void address_format(const struct address *address, char out[ADDRESS_TEXT_MAX]);

bool address_is_local(const struct address *address); /* a Unix socket */

/* Can other machines reach it? */
bool address_is_public(const struct address *address);

#endif
