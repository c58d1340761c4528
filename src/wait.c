/* The one wait of the program: poll(2) over descriptors, the interruption pipe and a
 * deadline. */
#include "wait.h"

#include <errno.h>
#include <lauxlib.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <time.h>

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

/* The first of two times; `other` 0 is none. */
static double earlier(double deadline, double other)
{
    if (other <= 0)
        return deadline;
    return deadline < 0 || other < deadline ? other : deadline;
}

/* Another program's handler sees Ctrl-C; nothing may come between looking for what it
 * left and the wait that its signal ends. */
static int poll_as_guest(lua_State *L, struct tilth_interrupt *interrupt,
                         struct pollfd *all, nfds_t count, double until)
{
    sigset_t interruption;
    sigset_t before;
    sigemptyset(&interruption);
    sigaddset(&interruption, SIGINT);
    pthread_sigmask(SIG_BLOCK, &interruption, &before);
    tilth_interrupt_ask_guest(L, interrupt);
    int milliseconds = milliseconds_until(until);
    struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    int ready = ppoll(all, count, milliseconds < 0 ? NULL : &left, &before);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return ready;
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
        /* The byte of an interruption that is known would wake every wait of the
         * clean-up; a further one is to wake it. */
        if (interrupt->signal != 0)
            tilth_interrupt_drain(interrupt);
        tilth_interrupt_check_time(interrupt);
        if (must_stop(L, interrupt))
            return TILTH_INTERRUPTED;
        double until =
            earlier(deadline, interrupt->signal == 0 ? interrupt->deadline
                                                     : interrupt->cleanup_until);
        all[count] = (struct pollfd){interrupt->pipe[0], POLLIN, 0};
        int ready = interrupt->guest ? poll_as_guest(L, interrupt, all, count + 1, until)
                                     : poll(all, count + 1, milliseconds_until(until));
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
