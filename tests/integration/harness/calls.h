/* calls: the requests that tests make all the time, in one call each.
 *
 * Those that return something demand that the answer is STATUS_OK; call_refused()
 * demands that it is not. */
#ifndef CARDINAL_TESTS_CALLS_H
#define CARDINAL_TESTS_CALLS_H

#include "tests/integration/harness/wire.h"

/* A request whose body is the message at pointer, by the body's names in both
 * letter cases: REQUEST_OF(PING, ping, &ping). */
#define REQUEST_OF(CASE, member, pointer)                                                          \
    ((Cardinal__V1__Request){                                                                      \
        .base = PROTOBUF_C_MESSAGE_INIT(&cardinal__v1__request__descriptor),                       \
        .body_case = CARDINAL__V1__REQUEST__BODY_##CASE,                                           \
        .member = (pointer),                                                                       \
    })

/* Sends the request and receives an answer that is STATUS_OK. */
Cardinal__V1__Response *call_ok(struct wire *wire, Cardinal__V1__Request *request);

/* Demands that the request is refused with this status and that the message
 * has this text in it. */
void call_refused(struct wire *wire, Cardinal__V1__Request *request, Cardinal__V1__Status status,
                  const char *text);

/* The same of an answer that has come in already; frees it. */
void assert_refused(Cardinal__V1__Response *response, Cardinal__V1__Status status,
                    const char *text);

void call_hello(struct wire *wire);
/* Connects and says hello. */
void call_connect(struct wire *wire, const char *address);
void call_ping(struct wire *wire);

/* Makes a table of column_count string columns; its id. */
uint64_t call_create(struct wire *wire, const char *table, const char *const *columns,
                     size_t column_count, uint64_t seed);
void call_drop(struct wire *wire, const char *table);

/* Adds the strings "FIRST", "FIRST + 1", .. to one cell, count of them, in
 * batches; a key of a NUL-terminated string. */
void call_add(struct wire *wire, const char *table, const char *key, const char *column,
              uint64_t first, uint64_t count);

/* The estimate of one cell. */
double call_count(struct wire *wire, const char *table, const char *key, const char *column);
/* Whether there was such a key. */
bool call_delete(struct wire *wire, const char *table, const char *key);

uint64_t call_digest(struct wire *wire, const char *table);
uint64_t call_keys(struct wire *wire, const char *table);

/* One figure of Stats; fails the test if there is none of that name. */
uint64_t call_stat(struct wire *wire, const char *name);

#endif
