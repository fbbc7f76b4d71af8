/* crew: some threads that do a piece of work together, the caller among them.
 *
 * Thread safety: one caller. */
#ifndef CARDINAL_STORE_CREW_H
#define CARDINAL_STORE_CREW_H

#include <pthread.h>
#include <stdbool.h>

#define CREW_MAX 16u

struct crew {
    unsigned size; /* with the caller, at least 1 */
    unsigned hired;
    pthread_t threads[CREW_MAX];
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t wake;
    pthread_cond_t done;
    void (*work)(unsigned number, void *arg);
    void *arg;
    unsigned long round;
    unsigned busy;
    unsigned started; /* numbers given out */
    bool stops;
};

/* Hires up to size threads less one; fewer, or none, where there can be no more. */
void crew_init(struct crew *crew, unsigned size);
void crew_release(struct crew *crew);

/* Calls work once on each thread, with a number below crew->size of its own, the caller
 * as number 0, and returns when all are done. */
void crew_run(struct crew *crew, void (*work)(unsigned number, void *arg), void *arg);

#endif
