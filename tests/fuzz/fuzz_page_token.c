/* What is accepted as a token must come out again when it is encoded. */
#include <stdlib.h>
#include <string.h>

#include "daemon/wire/page_token.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct selector all = { .kind = SELECTOR_ALL };
    struct page_scope scope = page_scope_of_scan(7, &all);
    struct bytes_view last;
    uint8_t again[PAGE_TOKEN_MAX];
    if (page_token_decode(&scope, (struct bytes_view){ data, size }, &last, NULL) != ST_OK)
        return 0;
    if (page_token_encode(&scope, last, again) != size || memcmp(again, data, size) != 0)
        abort();
    return 0;
}
