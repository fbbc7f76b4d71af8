/* A core whose server the test plays: bytes that it puts out are read as requests,
 * and answers are fed to it, in pieces of any size.
 *
 * There is one core, since each test is a process of its own. */
#ifndef CARDINAL_TESTS_PLAYED_CORE_H
#define CARDINAL_TESTS_PLAYED_CORE_H

#include "client/lib/core.h"
#include "tests/unit/client/frames.h"

#define NOW 1000 /* the time at which the core puts out */
#define LATER 5000

extern struct core core;
extern struct fault fault; /* of the answer fed last */
extern struct bytes sent;  /* what the core put out and was not yet read */

/* Takes all output, in pieces of at most piece bytes. */
void drain(size_t piece);

/* The next request that was put out, to be freed; or only its id, where it is of
 * this kind. */
Cardinal__V1__Request *next_request(void);
uint64_t next_id(Cardinal__V1__Request__BodyCase kind);

/* Gives the core an answer, in pieces of at most piece bytes. */
cardinal_status feed(const Cardinal__V1__Response *response, size_t piece);
cardinal_status answer_hello(size_t piece);
cardinal_status answer_ping(uint64_t id, size_t piece);

/* A core that has said hello, and its end. */
void open_core(void);
void close_core(void);

/* Give the core a request that may be sent twice, and one that may not. */
void submit_ping(struct call *call);
void submit_drop(struct call *call);

#endif
