/* Lists of words in one argument: `a,b,c`. */
#ifndef CARDINAL_CLI_WORDS_H
#define CARDINAL_CLI_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* Owns its text; the words point into it. All zero is an empty one. */
struct words {
    char *text;
    const char **at;
    size_t count;
};

enum words_result {
    WORDS_OK,
    WORDS_EMPTY, /* a word between two commas, or the whole, has no bytes */
    WORDS_NO_MEMORY,
};

/* Cuts text, which is copied, at its commas. words is left alone on failure; free
 * it with words_release(). */
enum words_result words_split(struct words *words, const char *text);
void words_release(struct words *words);

/* The first word that stands there twice, or NULL. */
const char *words_repeated(const struct words *words);

#endif
