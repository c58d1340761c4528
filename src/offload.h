/* Runs a blocking call on a thread of its own, so that even it can be interrupted. */
#ifndef TILTH_OFFLOAD_H
#define TILTH_OFFLOAD_H

#include "wait.h"

/* Runs work(data) on a thread and waits for its end, an interruption or the deadline.
 * TILTH_READY: data is the caller's again. Otherwise the thread keeps data and calls
 * dispose(data) when work has returned. -1 with errno set: the thread could not be
 * started. */
int tilth_offload(lua_State *L, void (*work)(void *), void (*dispose)(void *), void *data,
                  double deadline);

#endif
