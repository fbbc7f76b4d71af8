/* power_cut: what a loss of power leaves of a folder, after the daemon was killed.
 *
 * A killed process leaves all that it wrote in the system's memory. Here the log of
 * disk_shim.c is read, and what was not synced is undone: bytes behind those that were
 * synced are cut off, some of them, or are zeros; and of the files made, renamed and
 * removed since the folder was synced last the later ones are put back. How much of it
 * goes is the dice's. */
#ifndef CARDINAL_TESTS_CRASH_POWER_CUT_H
#define CARDINAL_TESTS_CRASH_POWER_CUT_H

#include "tests/crash/dice.h"

/* Cuts, and begins the log anew: what is there now is on disk. */
void power_cut(const char *folder, const char *log, struct dice *dice);

/* The daemon was killed, and the power stays: the log goes on, but for the last step in it if
 * that did not come about. */
void power_went_on(const char *folder, const char *log);

/* Only begins it anew. */
void power_forget(const char *log);

#endif
