/* Interruption of a runtime: by a signal or from another thread, out of Lua loops and
 * waits. */
#ifndef TILTH_INTERRUPT_H
#define TILTH_INTERRUPT_H

#include <lua.h>
#include <stdatomic.h>
#include <stdbool.h>

/* How long waits still work for clean-up (rollback, ending children), in seconds. */
#define TILTH_CLEANUP_SECONDS 5.0

struct tilth_interrupt {
    atomic_int signal;           /* what interrupted, 0: nothing did */
    atomic_int count;            /* how often; the second one ends the clean-up at once */
    int pipe[2];                 /* wakes tilth_wait; non-blocking, close-on-exec */
    lua_State *volatile current; /* the coroutine that runs: where the hook must go */
    bool raised;                 /* the error is unwinding: pcall passes it on */
    bool caught;                 /* interrupt.catch has stopped it: Lua runs as usual */
    int shields;                 /* calls of interrupt.shield under way */
    volatile bool fresh;         /* one has returned, its results may not be taken yet */
    double cleanup_until;        /* monotonic seconds; 0: no clean-up has begun */
    lua_Hook standing;           /* what each coroutine is hooked with, or NULL */
    int step;                    /* its count of instructions */
    double deadline;             /* of all that the state does; 0: none */
    bool timed_out;              /* the deadline is what interrupted */
    bool guest;                  /* the state is not ours: its program sees to Ctrl-C */
    int noted;                   /* a guest's interruption that interrupt.catch stopped */
};

/* Makes a state of interruption. False with errno set when there is no pipe to be had. */
bool tilth_interrupt_open(struct tilth_interrupt *interrupt);

/* Frees what tilth_interrupt_open took. */
void tilth_interrupt_close(struct tilth_interrupt *interrupt);

/* Makes a Lua state use this state of interruption, which outlives it. It is polled, so
 * that any thread may interrupt. Before all that runs Lua. */
void tilth_interrupt_lend(lua_State *L, struct tilth_interrupt *interrupt);

/* The interruption state of this Lua state; made on first use, never NULL (raises). */
struct tilth_interrupt *tilth_interrupt_of(lua_State *L);

/* Interrupts the runtime. Safe in a signal handler on the thread that runs Lua. */
void tilth_interrupt(struct tilth_interrupt *interrupt, int signal);

/* The same from any thread, and from a signal handler on any: waits wake up at once, Lua
 * code stops when its standing hook looks. */
void tilth_interrupt_ask(struct tilth_interrupt *interrupt, int signal);

/* Hooks this coroutine, and all that run from now on, every `step` instructions; NULL for
 * no hook. The hook calls tilth_interrupt_look. */
void tilth_interrupt_stand(lua_State *L, lua_Hook hook, int step);

/* For a standing hook: stops the Lua code that runs when an interruption is pending. */
void tilth_interrupt_look(lua_State *L);

/* Hooks a coroutine that is about to run as the state wants it. */
void tilth_interrupt_follow(lua_State *L, lua_State *co);

/* Is it time to stop? Then this is an interruption that was not there before. */
void tilth_interrupt_check_time(struct tilth_interrupt *interrupt);

/* Has the guest's program been told to stop (Ctrl-C in lua.c sets a hook)? Takes that
 * over as an interruption. */
void tilth_interrupt_ask_guest(lua_State *L, struct tilth_interrupt *interrupt);

/* Must an interruption wait, because a shielded call or a __close method is under way? */
bool tilth_interrupt_is_held(lua_State *L);

/* Begins the unwinding: pcall passes errors on, waits work until the clean-up's time is
 * over. */
void tilth_interrupt_begin(struct tilth_interrupt *interrupt);

/* Raises the interruption as a Lua error. Does not return. */
int tilth_raise_interrupt(lua_State *L);

/* Empties the pipe, so that a further interruption wakes the next wait. */
void tilth_interrupt_drain(struct tilth_interrupt *interrupt);

/* Forgets an interruption that has been dealt with. */
void tilth_interrupt_clear(struct tilth_interrupt *interrupt);

/* The signal that interrupted this runtime, or 0: a primitive that forwards it needs it.
 */
int tilth_interrupt_signal(lua_State *L);

/* Replaces pcall, xpcall, coroutine.resume and coroutine.wrap of this state by versions
 * that let an interruption through. Anything else they do as Lua's own do. */
void tilth_interrupt_base(lua_State *L);

#endif
