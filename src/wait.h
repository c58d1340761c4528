/* The one place where the program waits: descriptors, an interruption and a deadline. */
#ifndef TILTH_WAIT_H
#define TILTH_WAIT_H

#include <lua.h>
#include <poll.h>

#define TILTH_FOREVER (-1.0)

enum tilth_wait {
    TILTH_READY,       /* at least one descriptor has revents */
    TILTH_TIMEOUT,     /* the deadline has passed */
    TILTH_INTERRUPTED, /* clean up (waits work again for a while), then
                          tilth_raise_interrupt */
};

/* Seconds on the monotonic clock. */
double tilth_monotonic(void);

/* A deadline `seconds` from now; TILTH_FOREVER for a negative number. */
double tilth_deadline(double seconds);

/* Waits until a descriptor is ready, the deadline (monotonic seconds or TILTH_FOREVER)
 * passes or the runtime is interrupted. A negative descriptor is skipped, as in poll(2).
 */
enum tilth_wait tilth_wait(lua_State *L, struct pollfd *descriptors, nfds_t count,
                           double deadline);

/* Raises the interruption as a Lua error. Does not return. */
int tilth_raise_interrupt(lua_State *L);

/* The signal that interrupted this runtime, or 0: a primitive that forwards it needs it.
 */
int tilth_interrupt_signal(lua_State *L);

#endif
