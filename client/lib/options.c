#include "client/lib/options.h"

#include <string.h>

bool options_copy(void *out, size_t known_size, const void *given)
{
    size_t size;
    memcpy(&size, given, sizeof size);
    if (size < sizeof size)
        return false;
    for (size_t i = known_size; i < size; i++) {
        if (((const unsigned char *)given)[i] != 0)
            return false;
    }
    memcpy(out, given, size < known_size ? size : known_size);
    return true;
}
