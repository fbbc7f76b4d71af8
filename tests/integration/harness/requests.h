/* requests: Request messages on the heap, sound ones, to be sent as they are or
 * bent into something that is not.
 *
 * Every part is allocated by itself, as protobuf-c does when it unpacks, so
 * that request_free() takes it apart whatever was put in by the other functions
 * here. */
#ifndef CARDINAL_TESTS_REQUESTS_H
#define CARDINAL_TESTS_REQUESTS_H

#include <stddef.h>
#include <stdint.h>

#include "cardinal.pb-c.h"

void request_free(Cardinal__V1__Request *request);

/* A batch of count values, the strings "FIRST", "FIRST + 1", .. of one key and
 * column. */
Cardinal__V1__Request *request_add(const char *table, const char *key, const char *column,
                                   uint64_t first, uint64_t count);
/* Queries of one column (NULL: all), of one key or with no selector yet. */
Cardinal__V1__Request *request_count(const char *table, const char *key, const char *column);
Cardinal__V1__Request *request_union(const char *table, const char *column);
Cardinal__V1__Request *request_scan(const char *table, const char *column);
Cardinal__V1__Request *request_delete(const char *table, const char *key);
/* With no selector yet. */
Cardinal__V1__Request *request_top(const char *table, const char *column, uint32_t limit);
Cardinal__V1__Request *request_merge(const char *table, const char *into);

/* A table of one column, "c". */
Cardinal__V1__Request *request_create(const char *table);
Cardinal__V1__Request *request_alter(const char *table);
Cardinal__V1__Request *request_drop(const char *table);
Cardinal__V1__Request *request_describe(const char *table);
Cardinal__V1__Request *request_list(void);

Cardinal__V1__Selector *select_key(const char *key);
Cardinal__V1__Selector *select_all(void);
Cardinal__V1__Selector *select_prefix(const char *prefix);
Cardinal__V1__Selector *select_range(const char *from, const char *to);

/* Replaces a field's value. */
void set_text(char **field, const char *text);
void set_bytes(ProtobufCBinaryData *field, const void *bytes, size_t len);
/* Appends to a repeated field of strings. */
void append_text(char ***field, size_t *count, const char *text);
/* Appends a row of one cell with one value. */
void append_row(Cardinal__V1__Ingest *ingest, const char *key, uint32_t column);
/* Appends an empty cell. */
Cardinal__V1__Cell *append_cell(Cardinal__V1__Row *row, uint32_t column);
void append_hash(Cardinal__V1__Cell *cell, uint64_t hash);
void append_string(Cardinal__V1__Cell *cell, const char *value);
/* Appends a key to a list. */
void append_key(Cardinal__V1__KeyList *list, const char *key);

#endif
