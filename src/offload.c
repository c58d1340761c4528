/* Threads for the few calls that have no non-blocking form (getaddrinfo, PQcancel), and
 * for reading files while the server is waited for. */
#include "offload.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

enum { RUNNING, DONE, ABANDONED };

struct tilth_job {
    void (*work)(void *);
    void (*dispose)(void *);
    void *data;
    int pipe[2];
    atomic_int state;
};

static void free_job(struct tilth_job *job)
{
    close(job->pipe[0]);
    close(job->pipe[1]);
    free(job);
}

static void *run(void *argument)
{
    struct tilth_job *job = argument;
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

static int start(struct tilth_job *job)
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

struct tilth_job *tilth_job_start(void (*work)(void *), void (*dispose)(void *),
                                  void *data)
{
    struct tilth_job *job = malloc(sizeof *job);
    if (job == NULL)
        return NULL;
    *job = (struct tilth_job){.work = work, .dispose = dispose, .data = data};
    atomic_init(&job->state, RUNNING);
    if (pipe2(job->pipe, O_CLOEXEC) != 0) {
        free(job);
        return NULL;
    }
    int error = start(job);
    if (error != 0) {
        free_job(job);
        errno = error;
        return NULL;
    }
    return job;
}

/* The thread has said that it is done: its byte is there or on its way. */
static void take_byte(struct tilth_job *job)
{
    char byte;
    while (read(job->pipe[0], &byte, 1) < 0 && errno == EINTR) {
        /* again */
    }
}

static bool give_up(struct tilth_job *job)
{
    int running = RUNNING;
    return atomic_compare_exchange_strong(&job->state, &running, ABANDONED);
}

enum tilth_wait tilth_job_wait(lua_State *L, struct tilth_job *job, double deadline)
{
    struct pollfd done = {job->pipe[0], POLLIN, 0};
    enum tilth_wait outcome = tilth_wait(L, &done, 1, deadline);
    if (outcome != TILTH_READY && give_up(job))
        return outcome;
    take_byte(job);
    free_job(job);
    return TILTH_READY;
}

void tilth_job_abandon(struct tilth_job *job)
{
    if (give_up(job))
        return;
    take_byte(job);
    job->dispose(job->data);
    free_job(job);
}

int tilth_offload(lua_State *L, void (*work)(void *), void (*dispose)(void *), void *data,
                  double deadline)
{
    struct tilth_job *job = tilth_job_start(work, dispose, data);
    return job == NULL ? -1 : (int)tilth_job_wait(L, job, deadline);
}
