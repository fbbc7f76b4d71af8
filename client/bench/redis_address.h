/* Addresses of servers that speak the protocol of Redis: redis://HOST[:PORT] (an IPv6
 * address in brackets) and redis+unix://PATH. */
#ifndef CARDINAL_BENCH_REDIS_ADDRESS_H
#define CARDINAL_BENCH_REDIS_ADDRESS_H

#include <stdbool.h>

#define REDIS_ADDRESS_MAX 256u
#define REDIS_PORT 6379

struct redis_address {
    char host[REDIS_ADDRESS_MAX]; /* or the path of a socket */
    int port;                     /* 0: a socket */
};

/* Does the text begin as one? Then it is not an address of cardinald. */
bool redis_address_is_meant(const char *text);

/* False: it cannot be read, and *out is left alone. */
bool redis_address_parse(const char *text, struct redis_address *out);

#endif
