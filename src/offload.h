/* Runs a blocking call on a thread of its own, so that even it can be interrupted. */
#ifndef TILTH_OFFLOAD_H
#define TILTH_OFFLOAD_H

#include "wait.h"

struct tilth_job;

/* Starts work(data) on a thread. NULL with errno set: it could not be started, and data
 * stays the caller's. Else end it with tilth_job_wait or tilth_job_abandon. */
struct tilth_job *tilth_job_start(void (*work)(void *), void (*dispose)(void *),
                                  void *data);

/* Waits for the job's end, an interruption or the deadline. TILTH_READY: data is the
 * caller's again. Otherwise the thread keeps data and calls dispose(data) when work has
 * returned. The job is gone either way. */
enum tilth_wait tilth_job_wait(lua_State *L, struct tilth_job *job, double deadline);

/* Gives the job up without waiting; data is disposed of when work has returned. */
void tilth_job_abandon(struct tilth_job *job);

/* Both in one: -1 with errno set where the thread could not be started. */
int tilth_offload(lua_State *L, void (*work)(void *), void (*dispose)(void *), void *data,
                  double deadline);

#endif
