// The same from C++: the header must compile, and its names must link.
#include <cardinal.h>

#include <cstdio>
#include <string>

int main()
{
    cardinal_options options = CARDINAL_OPTIONS_INIT;
    cardinal_batch_options batch_options = CARDINAL_BATCH_OPTIONS_INIT;
    cardinal_table_spec spec = CARDINAL_TABLE_SPEC_INIT;
    cardinal_client *client = nullptr;
    char *text = nullptr;
    options.address = "tcp://no port";
    if (cardinal_connect(&options, &client, &text) != CARDINAL_ERR_ADDRESS || text == nullptr)
        return 1;
    std::printf("%s: %s\n", cardinal_version(), text);
    cardinal_free_text(text);
    cardinal_selector all = cardinal_select_all();
    return all.key_count == 0 && spec.size == sizeof spec &&
                   batch_options.size == sizeof batch_options &&
                   std::string(cardinal_status_text(CARDINAL_ERR_LOST)).size() > 0
               ? 0
               : 1;
}
