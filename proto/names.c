#include "proto/names.h"

#include <string.h>

static bool is_first(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static bool is_later(char c)
{
    return is_first(c) || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

bool name_is_valid(const char *name, size_t len)
{
    if (len == 0 || len > NAME_MAX_BYTES || !is_first(name[0]))
        return false;
    for (size_t i = 1; i < len; i++) {
        if (!is_later(name[i]))
            return false;
    }
    return true;
}

bool name_is_reserved(const char *name, size_t len)
{
    static const char *const words[] = { "key", "keys", "rse" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i]) == len && memcmp(words[i], name, len) == 0)
            return true;
    }
    return false;
}
