/* Interruption of a runtime: by a signal or from another thread, out of Lua loops and
 * waits. */
#ifndef TILTH_INTERRUPT_H
#define TILTH_INTERRUPT_H

#include <lua.h>
#include <signal.h>
#include <stdbool.h>

/* How long waits still work for clean-up (rollback, ending children), in seconds. */
#define TILTH_CLEANUP_SECONDS 5.0

struct tilth_interrupt {
    volatile sig_atomic_t signal; /* what interrupted, 0: nothing did */
    volatile sig_atomic_t count; /* how often; the second one ends the clean-up at once */
    int pipe[2];                 /* wakes tilth_wait; non-blocking, close-on-exec */
    lua_State *volatile current; /* the coroutine that runs: where the hook must go */
    bool raised;                 /* the error is unwinding: pcall passes it on */
    bool caught;                 /* interrupt.catch has stopped it: Lua runs as usual */
    int shields;                 /* calls of interrupt.shield under way */
    volatile bool fresh;         /* one has returned, its results may not be taken yet */
    double cleanup_until;        /* monotonic seconds; 0: no clean-up has begun */
};

/* The interruption state of this Lua state; made on first use, never NULL (raises). */
struct tilth_interrupt *tilth_interrupt_of(lua_State *L);

/* Interrupts the runtime. Safe in a signal handler. */
void tilth_interrupt(struct tilth_interrupt *interrupt, int signal);

/* Must an interruption wait, because a shielded call or a __close method is under way? */
bool tilth_interrupt_is_held(lua_State *L);

/* Begins the unwinding: pcall passes errors on, waits work until the clean-up's time is
 * over. */
void tilth_interrupt_begin(struct tilth_interrupt *interrupt);

/* Raises the interruption as a Lua error. Does not return. */
int tilth_raise_interrupt(lua_State *L);

/* How often a runtime was interrupted since the last interruption was dealt with. Safe in
 * a signal handler. */
struct tilth;
int tilth_interrupt_count(const struct tilth *runtime);

/* Forgets an interruption that has been dealt with. */
void tilth_interrupt_clear(struct tilth_interrupt *interrupt);

/* The signal that interrupted this runtime, or 0: a primitive that forwards it needs it.
 */
int tilth_interrupt_signal(lua_State *L);

/* Replaces pcall, xpcall, coroutine.resume and coroutine.wrap of this state by versions
 * that let an interruption through. Anything else they do as Lua's own do. */
void tilth_interrupt_base(lua_State *L);

#endif
