/* Keys and values as people see and type them.
 *
 * A tab, a line feed and a backslash are written `\t`, `\n` and `\\`; every other
 * control character (U+0000-U+001F, U+007F-U+009F) and every byte that is not
 * part of well-formed UTF-8 as `\xNN`, byte by byte. All else stands for itself.
 * Reading takes back what writing made, and any `\xNN` besides. */
#ifndef CARDINAL_CLI_ESCAPE_H
#define CARDINAL_CLI_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes that escape() may write for len bytes, the final NUL included. */
#define ESCAPED_MAX(len) (4 * (len) + 1)

/* Writes bytes as text into out, which holds ESCAPED_MAX(len), and ends it with a
 * NUL. Returns the length of the text. */
size_t escape(char *out, const void *bytes, size_t len);

/* Turns text back into the bytes it stands for, in place; they are never more.
 * Returns false and leaves text and *len alone where a backslash is followed by
 * none of the above. */
bool unescape(char *text, size_t *len);

#endif
