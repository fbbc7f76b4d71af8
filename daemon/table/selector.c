#include "daemon/table/selector.h"

#include <string.h>

int key_compare(struct bytes_view a, struct bytes_view b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter == 0 ? 0 : memcmp(a.data, b.data, shorter);
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

static bool has_prefix(struct bytes_view key, struct bytes_view prefix)
{
    if (key.len < prefix.len)
        return false;
    return prefix.len == 0 || memcmp(key.data, prefix.data, prefix.len) == 0;
}

bool selector_matches(const struct selector *selector, struct bytes_view key)
{
    switch (selector->kind) {
    case SELECTOR_PREFIX:
        return has_prefix(key, selector->prefix);
    case SELECTOR_RANGE:
        if (selector->from.len > 0 && key_compare(key, selector->from) < 0)
            return false;
        return selector->to.len == 0 || key_compare(key, selector->to) < 0;
    case SELECTOR_ALL:
        return true;
    case SELECTOR_LIST:
        break;
    }
    return false;
}
