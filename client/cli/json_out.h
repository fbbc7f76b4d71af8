/* Answers as JSON, one object a line. cJSON holds numbers as doubles, which 64-bit
 * integers do not fit; these helpers write them digit by digit.
 *
 * Building never fails halfway: after a failed allocation the object is given up,
 * and json_end() says so. */
#ifndef CARDINAL_CLI_JSON_OUT_H
#define CARDINAL_CLI_JSON_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct cJSON;

struct json {
    struct cJSON *object; /* NULL: given up */
    struct cJSON *outer;  /* while a nested object is open */
};

struct json json_begin(void);
void json_uint(struct json *json, const char *name, uint64_t value);
void json_bool(struct json *json, const char *name, bool value);
void json_text(struct json *json, const char *name, const char *value);
void json_texts(struct json *json, const char *name, const char *const *values, size_t count);
void json_fixed(struct json *json, const char *name, double value, int decimals);
/* An estimate, as a whole number. */
void json_estimate(struct json *json, const char *name, double value);
/* "key", or "key_base64" where it is not UTF-8. */
void json_key(struct json *json, const void *key, size_t len);

/* What is added between these goes into an object inside, one at a time. */
void json_open(struct json *json, const char *name);
void json_close(struct json *json);

/* Writes the object and a line feed to out and frees it; false: no memory. What out
 * says is for the caller to check. */
bool json_end(struct json *json, FILE *out);

#endif
