#include "client/cli/words.h"

#include <stdlib.h>
#include <string.h>

static size_t count_words(const char *text)
{
    size_t count = 1;
    for (const char *at = text; (at = strchr(at, ',')) != NULL; at++)
        count++;
    return count;
}

static bool has_empty_word(const char *text)
{
    return text[0] == '\0' || text[0] == ',' || strstr(text, ",,") != NULL ||
           text[strlen(text) - 1] == ',';
}

enum words_result words_split(struct words *words, const char *text)
{
    if (has_empty_word(text))
        return WORDS_EMPTY;
    struct words made = { .count = count_words(text) };
    made.text = strdup(text);
    made.at = calloc(made.count, sizeof *made.at);
    if (made.text == NULL || made.at == NULL) {
        words_release(&made);
        return WORDS_NO_MEMORY;
    }
    char *rest = made.text;
    for (size_t i = 0; i < made.count; i++)
        made.at[i] = strsep(&rest, ",");
    *words = made;
    return WORDS_OK;
}

void words_release(struct words *words)
{
    free(words->text);
    free(words->at);
    *words = (struct words){ 0 };
}

const char *words_repeated(const struct words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(words->at[i], words->at[j]) == 0)
                return words->at[i];
        }
    }
    return NULL;
}
