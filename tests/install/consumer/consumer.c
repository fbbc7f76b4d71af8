/* A program that knows nothing but <cardinal.h>. */
#include <cardinal.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    cardinal_options options = CARDINAL_OPTIONS_INIT;
    cardinal_client *client = NULL;
    char *text = NULL;
    char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", CARDINAL_VERSION_MAJOR, CARDINAL_VERSION_MINOR,
             CARDINAL_VERSION_PATCH);
    if (strcmp(version, cardinal_version()) != 0)
        return 1;
    options.address = "unix:///nonexistent/socket";
    if (cardinal_connect(&options, &client, &text) != CARDINAL_ERR_CONNECT || text == NULL)
        return 1;
    printf("%s: %s\n", cardinal_version(), text);
    cardinal_free_text(text);
    return strcmp(cardinal_status_text(CARDINAL_NOT_FOUND), "not found") == 0 ? 0 : 1;
}
