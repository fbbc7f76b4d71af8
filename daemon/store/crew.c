#include "daemon/store/crew.h"

#include <signal.h>
#include <stddef.h>

static void *follow(void *arg)
{
    struct crew *crew = arg;
    unsigned long seen = 0;
    pthread_mutex_lock(&crew->lock);
    unsigned number = ++crew->started;
    for (;;) {
        while (crew->round == seen && !crew->stops)
            pthread_cond_wait(&crew->wake, &crew->lock);
        if (crew->stops)
            break;
        seen = crew->round;
        pthread_mutex_unlock(&crew->lock);
        crew->work(number, crew->arg);
        pthread_mutex_lock(&crew->lock);
        if (--crew->busy == 0)
            pthread_cond_signal(&crew->done);
    }
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

void crew_init(struct crew *crew, unsigned size)
{
    sigset_t all;
    sigset_t before;
    *crew = (struct crew){ .size = 1 };
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->wake, NULL);
    pthread_cond_init(&crew->done, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for others */
    while (crew->size < size && crew->size < CREW_MAX &&
           pthread_create(&crew->threads[crew->hired], NULL, follow, crew) == 0) {
        crew->hired++;
        crew->size++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void crew_release(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    crew->stops = true;
    pthread_cond_broadcast(&crew->wake);
    pthread_mutex_unlock(&crew->lock);
    for (unsigned i = 0; i < crew->hired; i++)
        pthread_join(crew->threads[i], NULL);
    pthread_cond_destroy(&crew->done);
    pthread_cond_destroy(&crew->wake);
    pthread_mutex_destroy(&crew->lock);
}

void crew_run(struct crew *crew, void (*work)(unsigned number, void *arg), void *arg)
{
    pthread_mutex_lock(&crew->lock);
    crew->work = work;
    crew->arg = arg;
    crew->busy = crew->hired;
    crew->round++;
    pthread_cond_broadcast(&crew->wake);
    pthread_mutex_unlock(&crew->lock);
    work(0, arg);
    pthread_mutex_lock(&crew->lock);
    while (crew->busy > 0)
        pthread_cond_wait(&crew->done, &crew->lock);
    pthread_mutex_unlock(&crew->lock);
}
