#include "client/cli/cli.h"

#include <stdarg.h>
#include <stdio.h>

void complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fflush(stdout);
    (void)fputs("cardinal: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
}

enum exit_status exit_status_of(cardinal_status status)
{
    if (status == CARDINAL_OK)
        return EXIT_DONE;
    if (cardinal_status_is_server(status))
        return EXIT_REFUSED;
    if (status == CARDINAL_ERR_USAGE)
        return EXIT_USAGE;
    return status == CARDINAL_ERR_MEMORY ? EXIT_TROUBLE : EXIT_UNREACHABLE;
}

enum exit_status cli_connect(struct cli *cli)
{
    cardinal_options options = CARDINAL_OPTIONS_INIT;
    options.address = cli->server;
    options.connect_timeout_ms = cli->timeout_ms;
    options.request_timeout_ms = cli->timeout_ms;
    options.ack = cli->ack;
    char *why = NULL;
    cardinal_status status = cardinal_connect(&options, &cli->client, &why);
    if (status != CARDINAL_OK)
        complain("%s", why != NULL ? why : cardinal_status_text(status));
    cardinal_free_text(why);
    return exit_status_of(status);
}

enum exit_status cli_failed(const struct cli *cli, cardinal_status status)
{
    const char *why = cardinal_error(cli->client);
    complain("%s", why != NULL && why[0] != '\0' ? why : cardinal_status_text(status));
    return exit_status_of(status);
}

enum exit_status cli_no_memory(void)
{
    complain("no memory");
    return EXIT_TROUBLE;
}
