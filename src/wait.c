/* The one wait of the program: poll(2) over descriptors, the interruption pipe and a
 * deadline. */
#include "wait.h"

#include <errno.h>
#include <lauxlib.h>
#include <math.h>
#include <string.h>

/* More descriptors than any primitive waits on at once. */
#define MOST_DESCRIPTORS 16

static int milliseconds_until(double deadline)
{
    if (deadline < 0)
        return -1;
    double left = (deadline - tilth_monotonic()) * 1000;
    if (left <= 0)
        return 0;
    return left > 1e9 ? 1000000000 : (int)ceil(left);
}

/* Has this runtime been interrupted in a way that ends the present wait? The first time
 * this also begins the clean-up: from then on waits work for a while, so that the caller
 * can cancel its query or end its child before it raises. What is being taken or closed
 * has that while too, and is not stopped before. */
static bool must_stop(lua_State *L, struct tilth_interrupt *interrupt)
{
    if (interrupt->signal == 0)
        return false;
    if (!interrupt->raised && !interrupt->caught) {
        if (!tilth_interrupt_is_held(L)) {
            tilth_interrupt_begin(interrupt);
            return true;
        }
        if (interrupt->cleanup_until == 0)
            interrupt->cleanup_until = tilth_monotonic() + TILTH_CLEANUP_SECONDS;
    }
    return interrupt->count > 1 || tilth_monotonic() >= interrupt->cleanup_until;
}

enum tilth_wait tilth_wait(lua_State *L, struct pollfd *descriptors, nfds_t count,
                           double deadline)
{
    struct tilth_interrupt *interrupt = tilth_interrupt_of(L);
    struct pollfd all[MOST_DESCRIPTORS + 1];
    if (count > MOST_DESCRIPTORS)
        luaL_error(L, "tilth_wait: %d descriptors", (int)count);
    if (count > 0)
        memcpy(all, descriptors, count * sizeof *descriptors);
    for (;;) {
        if (must_stop(L, interrupt))
            return TILTH_INTERRUPTED;
        double until = deadline;
        bool cleaning = interrupt->signal != 0;
        if (cleaning && (until < 0 || interrupt->cleanup_until < until))
            until = interrupt->cleanup_until;
        /* While cleaning up the pipe holds the first signal's byte: only time wakes us
         * then, and a further signal by EINTR. */
        all[count] = (struct pollfd){cleaning ? -1 : interrupt->pipe[0], POLLIN, 0};
        int ready = poll(all, count + 1, milliseconds_until(until));
        if (ready < 0 && errno != EINTR && errno != EAGAIN)
            luaL_error(L, "poll: %s", strerror(errno));
        if (ready > 0 && all[count].revents == 0) {
            if (count > 0)
                memcpy(descriptors, all, count * sizeof *descriptors);
            return TILTH_READY;
        }
        if (ready == 0 && deadline >= 0 && tilth_monotonic() >= deadline)
            return TILTH_TIMEOUT;
    }
}
