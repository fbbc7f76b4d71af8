/* ddl: tables that come, change and go, one statement after the other.
 *
 * Each is there or not, has a name, columns and an id; a statement that was not
 * answered has been done or not, and one that was answered has.
 *
 * Thread safety: one thread at a time. */
#ifndef CARDINAL_TESTS_CRASH_DDL_H
#define CARDINAL_TESTS_CRASH_DDL_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/crash/actor.h"
#include "tests/crash/dice.h"

#define DDL_TABLES 4u
#define DDL_COLUMNS 6u /* "c0" to "c5", of which it has some */

struct ddl_state {
    bool exists;
    bool is_renamed;               /* "ddlN" or "renamedN" */
    uint64_t id;                   /* 0: not known */
    unsigned columns[DDL_COLUMNS]; /* in their order */
    unsigned column_count;
    unsigned filled; /* bit by bit: the column has a value that is on disk */
};

struct ddl_table {
    struct ddl_state is;
    struct ddl_state becomes; /* where a statement is not answered */
    bool is_unsure;
};

struct ddl {
    struct ddl_table tables[DDL_TABLES];
    uint64_t last_id; /* the greatest that was told of */
};

/* One statement, or a value for a table's column. */
enum outcome ddl_act(struct ddl *ddl, struct actor *actor, struct dice *dice);

/* Holds the daemon's tables against what they must be, and takes over what became of
 * unanswered statements. *problem is NULL, or says what is lost. */
enum outcome ddl_check(struct ddl *ddl, struct actor *actor, const char **problem);

#endif
