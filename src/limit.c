/* tilth.core.limit: a call that may use so much memory, time and instructions, and no
 * more. */
#include "core.h"
#include "interrupt.h"
#include "monotonic.h"

#include <errno.h>
#include <lauxlib.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

/* The signal that stands for a limit in the interruption: no handler of ours uses it. */
#define LIMIT_SIGNAL SIGXCPU
/* Instructions between two looks at their number. */
#define STEP 10000

enum which { NONE, MEMORY, TIME, INSTRUCTIONS };

struct limit {
    lua_Alloc allocate; /* the state's own */
    void *data;
    size_t used;
    size_t most; /* 0: no limit */
    lua_Integer instructions;
    lua_Integer most_instructions; /* 0: no limit */
    struct tilth_interrupt *interrupt;
    lua_Hook before; /* what the state is hooked with otherwise */
    int step_before;
    volatile enum which exceeded;
    bool refused; /* an allocation was refused */
    double deadline;
    bool watched; /* the thread below runs */
    bool over;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t ended;
};

static const char REGISTRY_KEY = 'l';

static void exceed(struct limit *limit, enum which which)
{
    if (limit->exceeded != NONE || limit->interrupt->signal != 0)
        return;
    limit->exceeded = which;
    /* From the watching thread as well: the hook below carries it out. */
    tilth_interrupt_ask(limit->interrupt, LIMIT_SIGNAL);
}

/* The state's allocator while the limit holds. Shrinking never fails, as Lua demands. */
static void *allocate(void *data, void *block, size_t old_size, size_t new_size)
{
    struct limit *limit = data;
    size_t before = block != NULL ? old_size : 0;
    if (new_size > before && (new_size - before > limit->most ||
                              limit->used > limit->most - (new_size - before))) {
        limit->refused = true;
        return NULL;
    }
    void *result = limit->allocate(limit->data, block, old_size, new_size);
    if (result != NULL || new_size == 0)
        limit->used = limit->used + new_size - before;
    return result;
}

static void count(lua_State *L, lua_Debug *activation)
{
    (void)activation;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &REGISTRY_KEY);
    struct limit *limit = lua_touserdata(L, -1);
    lua_pop(L, 1);
    if (limit == NULL) {
        lua_sethook(L, NULL, 0, 0); /* a coroutine that outlives its limit */
        return;
    }
    limit->instructions += STEP;
    if (limit->most_instructions > 0 && limit->instructions > limit->most_instructions)
        exceed(limit, INSTRUCTIONS);
    tilth_interrupt_look(L);
}

/* Waits for the end of the call or of its time. No other work: this thread knows no Lua.
 */
static void *watch(void *data)
{
    struct limit *limit = data;
    struct timespec until = {
        (time_t)limit->deadline,
        (long)((limit->deadline - (double)(time_t)limit->deadline) * 1e9)};
    pthread_mutex_lock(&limit->mutex);
    int status = 0;
    while (!limit->over && status != ETIMEDOUT)
        status = pthread_cond_timedwait(&limit->ended, &limit->mutex, &until);
    if (!limit->over)
        exceed(limit, TIME);
    pthread_mutex_unlock(&limit->mutex);
    return NULL;
}

static int start_watch(struct limit *limit, double seconds)
{
    sigset_t all, before;
    pthread_condattr_t attributes;
    limit->deadline = tilth_monotonic() + seconds;
    pthread_mutex_init(&limit->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&limit->ended, &attributes);
    pthread_condattr_destroy(&attributes);
    /* Signals stay with the thread that runs Lua. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&limit->thread, NULL, watch, limit);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    limit->watched = error == 0;
    return error;
}

static void stop_watch(struct limit *limit)
{
    if (!limit->watched)
        return;
    pthread_mutex_lock(&limit->mutex);
    limit->over = true;
    pthread_cond_signal(&limit->ended);
    pthread_mutex_unlock(&limit->mutex);
    pthread_join(limit->thread, NULL);
    pthread_cond_destroy(&limit->ended);
    pthread_mutex_destroy(&limit->mutex);
}

static size_t memory_in_use(lua_State *L)
{
    return (size_t)lua_gc(L, LUA_GCCOUNT) * 1024 + (size_t)lua_gc(L, LUA_GCCOUNTB);
}

static double number_field(lua_State *L, const char *name, double highest)
{
    double value = 0;
    if (lua_getfield(L, 1, name) != LUA_TNIL) {
        value = luaL_checknumber(L, -1);
        luaL_argcheck(L, value > 0 && value <= highest, 1, name);
    }
    lua_pop(L, 1);
    return value;
}

static void begin(lua_State *L, struct limit *limit, double memory)
{
    lua_pushlightuserdata(L, limit);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &REGISTRY_KEY);
    if (limit->most_instructions > 0 || limit->watched)
        tilth_interrupt_stand(L, count, STEP);
    if (memory > 0) {
        limit->used = memory_in_use(L);
        limit->most = limit->used + (size_t)memory;
        lua_gc(L, LUA_GCRESTART); /* it rests at first: see allocator.h */
        limit->allocate = lua_getallocf(L, &limit->data);
        lua_setallocf(L, allocate, limit);
    }
}

static void end(lua_State *L, struct limit *limit)
{
    stop_watch(limit);
    if (limit->most > 0)
        lua_setallocf(L, limit->allocate, limit->data);
    if (limit->interrupt->standing == count)
        tilth_interrupt_stand(L, limit->before, limit->step_before);
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &REGISTRY_KEY);
}

static const char *judge(const struct limit *limit, int status)
{
    if (status == LUA_ERRMEM && limit->refused)
        return "memory";
    if (limit->exceeded == TIME)
        return "time";
    return limit->exceeded == INSTRUCTIONS ? "instructions" : NULL;
}

/* Reads the limits from the table at 1. */
static double read_limits(lua_State *L, struct limit *limit, double *seconds)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    double memory = number_field(L, "memory", (double)(SIZE_MAX / 4));
    *seconds = number_field(L, "time", 1e9);
    limit->most_instructions = (lua_Integer)number_field(L, "instructions", 9e18);
    return memory;
}

/* true, results... | false, error | false, error, which = limit.call(limits, handler,
 * fn, ...): limits are memory (bytes), time (seconds) and instructions; which is the
 * name of the one that was used up. The handler is as of xpcall, or nil. Another
 * interruption goes on to its catcher. */
static int limit_call(lua_State *L)
{
    struct limit limit = {.interrupt = tilth_interrupt_of(L)};
    limit.before = limit.interrupt->standing;
    limit.step_before = limit.interrupt->step;
    double seconds, memory = read_limits(L, &limit, &seconds);
    luaL_checkany(L, 3);
    int handler = lua_isnil(L, 2) ? 0 : 2;
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &REGISTRY_KEY) != LUA_TNIL)
        return luaL_error(L, "limits are set already");
    lua_pop(L, 1);
    int error = seconds > 0 ? start_watch(&limit, seconds) : 0;
    if (error != 0)
        return luaL_error(L, "cannot watch the time: %s", strerror(error));
    begin(L, &limit, memory);
    int status = lua_pcall(L, lua_gettop(L) - 3, LUA_MULTRET, handler);
    end(L, &limit);
    bool stopped = limit.interrupt->raised && limit.exceeded == NONE;
    if (limit.exceeded != NONE)
        tilth_interrupt_clear(limit.interrupt);
    if (status != LUA_OK && stopped)
        return lua_error(L);
    lua_pushboolean(L, status == LUA_OK);
    lua_replace(L, 2);
    if (status == LUA_OK)
        return lua_gettop(L) - 1;
    if (status == LUA_ERRMEM)
        lua_gc(L, LUA_GCCOLLECT);
    lua_pushstring(L, judge(&limit, status));
    return 3;
}

/* boolean = limit.active(): is a call under limits under way? */
static int limit_active(lua_State *L)
{
    lua_pushboolean(L, lua_rawgetp(L, LUA_REGISTRYINDEX, &REGISTRY_KEY) != LUA_TNIL);
    return 1;
}

int luaopen_tilth_core_limit(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"active", limit_active}, {"call", limit_call}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
