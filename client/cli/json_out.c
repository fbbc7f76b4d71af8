#include "client/cli/json_out.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "proto/utf8.h"

struct json json_begin(void)
{
    return (struct json){ .object = cJSON_CreateObject() };
}

static void give_up(struct json *json)
{
    cJSON_Delete(json->outer != NULL ? json->outer : json->object);
    json->object = NULL;
    json->outer = NULL;
}

static void keep(struct json *json, const cJSON *added)
{
    if (added == NULL)
        give_up(json);
}

static void add_raw(struct json *json, const char *name, const char *text)
{
    if (json->object != NULL)
        keep(json, cJSON_AddRawToObject(json->object, name, text));
}

void json_uint(struct json *json, const char *name, uint64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    add_raw(json, name, text);
}

void json_bool(struct json *json, const char *name, bool value)
{
    if (json->object != NULL)
        keep(json, cJSON_AddBoolToObject(json->object, name, value));
}

void json_text(struct json *json, const char *name, const char *value)
{
    if (json->object != NULL)
        keep(json, cJSON_AddStringToObject(json->object, name, value));
}

void json_texts(struct json *json, const char *name, const char *const *values, size_t count)
{
    if (json->object == NULL)
        return;
    cJSON *array = cJSON_AddArrayToObject(json->object, name);
    bool whole = array != NULL;
    for (size_t i = 0; whole && i < count; i++) {
        cJSON *text = cJSON_CreateString(values[i]);
        whole = text != NULL && cJSON_AddItemToArray(array, text);
    }
    if (!whole)
        give_up(json);
}

void json_fixed(struct json *json, const char *name, double value, int decimals)
{
    char text[400]; /* DBL_MAX has 309 digits before the point */
    if (!isfinite(value))
        (void)snprintf(text, sizeof text, "null");
    else
        (void)snprintf(text, sizeof text, "%.*f", decimals, value);
    add_raw(json, name, text);
}

void json_estimate(struct json *json, const char *name, double value)
{
    json_fixed(json, name, round(value), 0);
}

static char *put_base64(char *out, const uint8_t *bytes, size_t len)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    for (size_t i = 0; i < len; i += 3) {
        size_t have = len - i < 3 ? len - i : 3;
        uint32_t bits = (uint32_t)bytes[i] << 16;
        bits |= have > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        bits |= have > 2 ? (uint32_t)bytes[i + 2] : 0;
        *out++ = digits[bits >> 18 & 63];
        *out++ = digits[bits >> 12 & 63];
        *out++ = digits[have > 1 ? bits >> 6 & 63 : 64];
        *out++ = digits[have > 2 ? bits & 63 : 64];
    }
    return out;
}

/* A string's inside. cJSON's own ends at the first NUL, which a key may hold. */
static char *put_string(char *out, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '"' || bytes[i] == '\\') {
            *out++ = '\\';
            *out++ = (char)bytes[i];
        } else if (bytes[i] < 0x20 || bytes[i] == 0x7f) {
            out += sprintf(out, "\\u%04x", bytes[i]);
        } else {
            *out++ = (char)bytes[i];
        }
    }
    return out;
}

void json_key(struct json *json, const void *key, size_t len)
{
    if (json->object == NULL)
        return;
    char *text = malloc(6 * len + 8); /* a control character takes six */
    if (text == NULL) {
        give_up(json);
        return;
    }
    bool is_text = utf8_is_valid(key, len);
    char *end = text;
    *end++ = '"';
    end = is_text ? put_string(end, key, len) : put_base64(end, key, len);
    *end++ = '"';
    *end = '\0';
    add_raw(json, is_text ? "key" : "key_base64", text);
    free(text);
}

void json_open(struct json *json, const char *name)
{
    if (json->object == NULL)
        return;
    cJSON *inner = cJSON_AddObjectToObject(json->object, name);
    if (inner == NULL) {
        give_up(json);
        return;
    }
    json->outer = json->object;
    json->object = inner;
}

void json_close(struct json *json)
{
    if (json->outer != NULL)
        json->object = json->outer;
    json->outer = NULL;
}

bool json_end(struct json *json, FILE *out)
{
    char *text = json->object == NULL ? NULL : cJSON_PrintUnformatted(json->object);
    give_up(json);
    if (text == NULL)
        return false;
    (void)fputs(text, out);
    (void)fputc('\n', out);
    cJSON_free(text);
    return true;
}
