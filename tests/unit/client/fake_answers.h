/* Answers of a fake server to questions, sound ones or bent ones.
 *
 * Its table holds whatever is asked for; a scan finds the keys "0" to "9", four
 * on a page; there are three tables, t0 to t2, one on a page. */
#ifndef CARDINAL_TESTS_FAKE_ANSWERS_H
#define CARDINAL_TESTS_FAKE_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/unit/client/fake_server.h"

#define FAKE_KEYS_MAX 5000u /* of one count */

/* How the server bends its answers. */
struct bend {
    size_t too_many_keys;  /* more of them in a count are TOO_LARGE; 0: no limit */
    bool lose_a_row;       /* one row less than asked */
    bool lose_an_estimate; /* one estimate less than columns */
    bool lose_rse;         /* no standard errors */
    bool add_a_column;     /* one column more than asked */
    bool infinite;         /* an estimate that is no number */
    bool descend;          /* pages go backwards */
    bool hold_first;       /* the first count is answered after the second */
    unsigned counts;       /* requests seen */
};

/* To be set while no question is under way, and read after the server has stopped. */
extern struct bend bend;

fake_handler fake_answers;

#endif
