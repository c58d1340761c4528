/* Threads for the few calls that have no non-blocking form: getaddrinfo and PQcancel. */
#include "offload.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { RUNNING, DONE, ABANDONED };

struct job {
    void (*work)(void *);
    void (*dispose)(void *);
    void *data;
    int pipe[2];
    atomic_int state;
};

static void free_job(struct job *job)
{
    close(job->pipe[0]);
    close(job->pipe[1]);
    free(job);
}

static void *run(void *argument)
{
    struct job *job = argument;
    job->work(job->data);
    int running = RUNNING;
    if (atomic_compare_exchange_strong(&job->state, &running, DONE)) {
        /* From here on the job is the waiter's, once it has read the byte. */
        if (write(job->pipe[1], "", 1) < 0)
            abort(); /* an empty pipe that the waiter holds open takes a byte */
    } else {
        job->dispose(job->data);
        free_job(job);
    }
    return NULL;
}

static int start(struct job *job)
{
    pthread_t thread;
    sigset_t all, before;
    /* Signals stay with the thread that runs Lua. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&thread, NULL, run, job);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error == 0)
        pthread_detach(thread);
    return error;
}

int tilth_offload(lua_State *L, void (*work)(void *), void (*dispose)(void *), void *data,
                  double deadline)
{
    struct job *job = malloc(sizeof *job);
    if (job == NULL)
        return -1;
    *job = (struct job){.work = work, .dispose = dispose, .data = data};
    atomic_init(&job->state, RUNNING);
    if (pipe2(job->pipe, O_CLOEXEC) != 0) {
        free(job);
        return -1;
    }
    int error = start(job);
    if (error != 0) {
        free_job(job);
        errno = error;
        return -1;
    }
    struct pollfd done = {job->pipe[0], POLLIN, 0};
    enum tilth_wait outcome = tilth_wait(L, &done, 1, deadline);
    int running = RUNNING;
    if (outcome != TILTH_READY &&
        atomic_compare_exchange_strong(&job->state, &running, ABANDONED))
        return outcome;
    /* Done, or done at the very moment of giving up: the byte is there or on its way. */
    char byte;
    while (read(job->pipe[0], &byte, 1) < 0 && errno == EINTR) {
        /* again */
    }
    free_job(job);
    return TILTH_READY;
}
