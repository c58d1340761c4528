/* The one place where the program waits: descriptors, an interruption and a deadline. */
#ifndef TILTH_WAIT_H
#define TILTH_WAIT_H

#include "interrupt.h"
#include "monotonic.h"

#include <lua.h>
#include <poll.h>

enum tilth_wait {
    TILTH_READY,       /* at least one descriptor has revents */
    TILTH_TIMEOUT,     /* the deadline has passed */
    TILTH_INTERRUPTED, /* clean up (waits work again for a while), then
                          tilth_raise_interrupt */
};

/* Waits until a descriptor is ready, the deadline (monotonic seconds or TILTH_FOREVER)
 * passes or the runtime is interrupted. A negative descriptor is skipped, as in poll(2).
 */
enum tilth_wait tilth_wait(lua_State *L, struct pollfd *descriptors, nfds_t count,
                           double deadline);

#endif
