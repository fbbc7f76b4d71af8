/* Where a server is: "tcp://HOST:PORT", "tcp://[V6]:PORT" or "unix://PATH".
 *
 * Thread safety: plain data. */
#ifndef CARDINAL_CLIENT_ADDRESS_H
#define CARDINAL_CLIENT_ADDRESS_H

#include <stdbool.h>
#include <sys/un.h>

#include "client/lib/fault.h"

#define ADDRESS_HOST_MAX 256u /* bytes, the final NUL included */
#define ADDRESS_PORT_MAX 6u
#define ADDRESS_PATH_MAX sizeof(((struct sockaddr_un *)0)->sun_path)

struct address {
    bool local; /* a Unix socket */
    char host[ADDRESS_HOST_MAX];
    char port[ADDRESS_PORT_MAX];
    char path[ADDRESS_PATH_MAX];
};

/* Reads text; CARDINAL_ERR_ADDRESS if it is none of the above. */
cardinal_status address_parse(struct address *out, const char *text, struct fault *fault);

#endif
