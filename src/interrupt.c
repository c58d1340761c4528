/* tilth.core.interrupt: stops Lua code and waits on a signal, and lets them clean up. */
#include "core.h"
#include "interrupt.h"
#include "result.h"
#include "monotonic.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Instructions until the results of a shielded call are in a `<close>` variable: two. */
#define TAKING_RESULTS 4
/* Instructions between two looks whether a __close method is over. */
#define CLOSING_STEP 50
/* Instructions between two looks of a polled state: far less than a millisecond. */
#define POLL_STEP 1000

static const char REGISTRY_KEY = 'i';
static const char *const ERROR_TYPE = "tilth.interrupt.error";

/* A function that closes a variable is called from a Lua function, which names it. It
 * must not leave by a tail call: that would hide it. */
static bool is_closing(lua_State *L)
{
    lua_Debug frame;
    for (int level = 0; lua_getstack(L, level, &frame); level++) {
        lua_getinfo(L, "n", &frame);
        if (frame.name != NULL && strcmp(frame.namewhat, "metamethod") == 0 &&
            strcmp(frame.name, "close") == 0)
            return true;
    }
    return false;
}

bool tilth_interrupt_is_held(lua_State *L)
{
    return tilth_interrupt_of(L)->shields > 0 || is_closing(L);
}

static bool is_pending(const struct tilth_interrupt *interrupt)
{
    return interrupt->signal != 0 && !interrupt->raised && !interrupt->caught;
}

static void rest(lua_State *L, const struct tilth_interrupt *interrupt)
{
    int mask = interrupt->standing != NULL ? LUA_MASKCOUNT : 0;
    lua_sethook(L, interrupt->standing, mask, interrupt->step);
}

static void hook(lua_State *L, lua_Debug *activation)
{
    (void)activation;
    struct tilth_interrupt *interrupt = tilth_interrupt_of(L);
    rest(L, interrupt);
    if (!is_pending(interrupt) || interrupt->shields > 0)
        return; /* the end of the shield arms again */
    if (interrupt->fresh) {
        interrupt->fresh = false;
        lua_sethook(L, hook, LUA_MASKCOUNT, TAKING_RESULTS);
    } else if (is_closing(L)) {
        lua_sethook(L, hook, LUA_MASKCOUNT, CLOSING_STEP);
    } else {
        tilth_raise_interrupt(L);
    }
}

static void arm(lua_State *L)
{
    lua_sethook(L, hook, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

void tilth_interrupt_stand(lua_State *L, lua_Hook standing, int step)
{
    struct tilth_interrupt *interrupt = tilth_interrupt_of(L);
    interrupt->standing = standing;
    interrupt->step = step;
    rest(L, interrupt);
    if (is_pending(interrupt))
        arm(L);
}

void tilth_interrupt_check_time(struct tilth_interrupt *interrupt)
{
    if (interrupt->deadline <= 0 || interrupt->signal != 0 ||
        tilth_monotonic() < interrupt->deadline)
        return;
    interrupt->timed_out = true;
    tilth_interrupt_ask(interrupt, SIGTERM);
}

void tilth_interrupt_look(lua_State *L)
{
    struct tilth_interrupt *interrupt = tilth_interrupt_of(L);
    tilth_interrupt_check_time(interrupt);
    if (is_pending(interrupt))
        arm(L);
}

void tilth_interrupt_follow(lua_State *L, lua_State *co)
{
    struct tilth_interrupt *interrupt = tilth_interrupt_of(L);
    if (interrupt->standing != NULL && lua_gethook(co) != interrupt->standing)
        rest(co, interrupt);
    if (is_pending(interrupt))
        arm(co);
}

static void poll_hook(lua_State *L, lua_Debug *activation)
{
    (void)activation;
    tilth_interrupt_look(L);
}

bool tilth_interrupt_open(struct tilth_interrupt *interrupt)
{
    memset(interrupt, 0, sizeof *interrupt);
    interrupt->pipe[0] = interrupt->pipe[1] = -1;
    return pipe2(interrupt->pipe, O_CLOEXEC | O_NONBLOCK) == 0;
}

void tilth_interrupt_close(struct tilth_interrupt *interrupt)
{
    for (int i = 0; i < 2; i++) {
        if (interrupt->pipe[i] >= 0)
            close(interrupt->pipe[i]);
        interrupt->pipe[i] = -1;
    }
}

static int collect(lua_State *L)
{
    tilth_interrupt_close(lua_touserdata(L, 1));
    return 0;
}

static lua_State *main_thread(lua_State *L)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
    lua_State *main = lua_tothread(L, -1);
    lua_pop(L, 1);
    return main;
}

static struct tilth_interrupt *create(lua_State *L)
{
    struct tilth_interrupt *interrupt = lua_newuserdatauv(L, sizeof *interrupt, 0);
    memset(interrupt, 0, sizeof *interrupt);
    interrupt->pipe[0] = interrupt->pipe[1] = -1;
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, collect);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    if (!tilth_interrupt_open(interrupt))
        luaL_error(L, "cannot make the interruption pipe: %s", strerror(errno));
    interrupt->current = main_thread(L);
    interrupt->guest = true;
    lua_rawsetp(L, LUA_REGISTRYINDEX, &REGISTRY_KEY);
    return interrupt;
}

struct tilth_interrupt *tilth_interrupt_of(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &REGISTRY_KEY);
    struct tilth_interrupt *interrupt = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return interrupt != NULL ? interrupt : create(L);
}

void tilth_interrupt_lend(lua_State *L, struct tilth_interrupt *interrupt)
{
    interrupt->current = L;
    lua_pushlightuserdata(L, interrupt);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &REGISTRY_KEY);
    tilth_interrupt_stand(L, poll_hook, POLL_STEP);
}

void tilth_interrupt_ask(struct tilth_interrupt *interrupt, int signal)
{
    int saved = errno;
    int none = 0;
    atomic_compare_exchange_strong(&interrupt->signal, &none, signal);
    atomic_fetch_add(&interrupt->count, 1);
    unsigned char byte = (unsigned char)signal;
    if (interrupt->pipe[1] >= 0 && write(interrupt->pipe[1], &byte, 1) < 0) {
        /* A full pipe wakes the waiter just as well. */
    }
    errno = saved;
}

void tilth_interrupt(struct tilth_interrupt *interrupt, int signal)
{
    tilth_interrupt_ask(interrupt, signal);
    if (interrupt->current != NULL && interrupt->count == 1)
        arm(interrupt->current);
}

int tilth_interrupt_signal(lua_State *L)
{
    return tilth_interrupt_of(L)->signal;
}

void tilth_interrupt_begin(struct tilth_interrupt *interrupt)
{
    if (interrupt->raised || interrupt->caught)
        return;
    interrupt->raised = true;
    interrupt->cleanup_until = tilth_monotonic() + TILTH_CLEANUP_SECONDS;
}

static int error_text(lua_State *L)
{
    lua_pushliteral(L, "interrupted");
    return 1;
}

/* Pushes the metatable of the error; a state that is not ours may not have it yet. */
static void push_error_type(lua_State *L)
{
    if (luaL_newmetatable(L, ERROR_TYPE)) {
        lua_pushcfunction(L, error_text);
        lua_setfield(L, -2, "__tostring");
    }
}

int tilth_raise_interrupt(lua_State *L)
{
    struct tilth_interrupt *interrupt = tilth_interrupt_of(L);
    tilth_interrupt_begin(interrupt);
    if (interrupt->guest) {
        /* An error like any other from here on: its pcall may stop it. */
        int signal = interrupt->signal;
        tilth_interrupt_clear(interrupt);
        interrupt->noted = signal;
    }
    lua_createtable(L, 0, 2);
    lua_pushliteral(L, "interrupted");
    lua_setfield(L, -2, "message");
    lua_pushliteral(L, "interrupted");
    lua_setfield(L, -2, "code");
    push_error_type(L);
    lua_setmetatable(L, -2);
    return lua_error(L);
}

/* Is the error on top what lua.c's hook raises at Ctrl-C, out of a loop of Lua code? */
static bool is_guests_interruption(lua_State *L)
{
    static const char words[] = "interrupted!";
    size_t length;
    const char *text =
        lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &length) : "";
    return *text != '\0' && length >= sizeof words - 1 &&
           strcmp(text + length - (sizeof words - 1), words) == 0;
}

static int finish_catch(lua_State *L, int status, lua_KContext extra)
{
    (void)extra;
    if (status == LUA_OK || status == LUA_YIELD)
        return lua_gettop(L);
    struct tilth_interrupt *interrupt = tilth_interrupt_of(L);
    if (interrupt->guest && is_guests_interruption(L))
        interrupt->noted = SIGINT;
    if (interrupt->raised) {
        interrupt->raised = false;
        interrupt->caught = true;
    }
    lua_pushboolean(L, 0);
    lua_pushvalue(L, -2);
    return 2;
}

/* true, results... | false, error = interrupt.catch(fn, ...): the one pcall that stops
 * an interruption */
static int interrupt_catch(lua_State *L)
{
    luaL_checkany(L, 1);
    tilth_interrupt_of(L)->noted = 0;
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish_catch);
    return finish_catch(L, status, 0);
}

/* results... = interrupt.shield(fn, ...): an interruption waits until fn has returned and
 * its results are in the variables that take them. Waits end after the clean-up's time.
 */
static int interrupt_shield(lua_State *L)
{
    luaL_checkany(L, 1);
    struct tilth_interrupt *interrupt = tilth_interrupt_of(L);
    interrupt->shields++;
    int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
    interrupt->fresh = status == LUA_OK;
    interrupt->shields--;
    if (interrupt->shields == 0 && is_pending(interrupt))
        arm(L);
    return status == LUA_OK ? lua_gettop(L) : lua_error(L);
}

/* integer | nil = interrupt.signal(): the signal that interrupted, nil when none did */
static int interrupt_signal(lua_State *L)
{
    const struct tilth_interrupt *interrupt = tilth_interrupt_of(L);
    int signal = interrupt->guest ? interrupt->noted : interrupt->signal;
    if (signal == 0)
        lua_pushnil(L);
    else
        lua_pushinteger(L, signal);
    return 1;
}

void tilth_interrupt_drain(struct tilth_interrupt *interrupt)
{
    char bytes[16];
    while (read(interrupt->pipe[0], bytes, sizeof bytes) > 0) {
        /* again */
    }
}

void tilth_interrupt_clear(struct tilth_interrupt *interrupt)
{
    tilth_interrupt_drain(interrupt);
    interrupt->signal = 0;
    interrupt->count = 0;
    interrupt->raised = false;
    interrupt->caught = false;
    interrupt->fresh = false;
    interrupt->cleanup_until = 0;
    interrupt->noted = 0;
}

/* interrupt.clear(): forgets an interruption, for a prompt that goes on after Ctrl-C */
static int interrupt_clear(lua_State *L)
{
    tilth_interrupt_clear(tilth_interrupt_of(L));
    return 0;
}

/* interrupt.trigger(signal): interrupts this very runtime, as a signal would */
static int interrupt_trigger(lua_State *L)
{
    int signal = (int)luaL_optinteger(L, 1, SIGINT);
    tilth_interrupt(tilth_interrupt_of(L), signal);
    return 0;
}

/* lua.c's handler sets a hook of C on the main coroutine that looks at everything. */
void tilth_interrupt_ask_guest(lua_State *L, struct tilth_interrupt *interrupt)
{
    lua_State *main = main_thread(L);
    int everything = LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT;
    lua_Hook set = lua_gethook(main);
    if (set == NULL || set == hook || lua_gethookmask(main) != everything ||
        lua_gethookcount(main) != 1)
        return;
    lua_sethook(main, NULL, 0, 0);
    tilth_interrupt_ask(interrupt, SIGINT);
}

int luaopen_tilth_core_interrupt(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"catch", interrupt_catch},     {"clear", interrupt_clear},
        {"shield", interrupt_shield},   {"signal", interrupt_signal},
        {"trigger", interrupt_trigger}, {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
