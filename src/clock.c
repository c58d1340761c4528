/* tilth.core.clock: the time, and waiting for it to pass. */
#include "core.h"
#include "wait.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

/* The years 0000 to 9999: what the fixed-width text can hold. */
#define EARLIEST (-62167219200.0)
#define LATEST 253402300799.9995

/* seconds = clock.now(): since 1970 */
static int clock_now(lua_State *L)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    lua_pushnumber(L, (lua_Number)now.tv_sec + (lua_Number)now.tv_nsec / 1e9);
    return 1;
}

/* seconds = clock.monotonic(): never goes back; its zero means nothing */
static int clock_monotonic(lua_State *L)
{
    lua_pushnumber(L, tilth_monotonic());
    return 1;
}

/* clock.sleep(seconds): waits; an interruption raises out of it */
static int clock_sleep(lua_State *L)
{
    double seconds = luaL_checknumber(L, 1);
    luaL_argcheck(L, seconds >= 0 && seconds < 1e12, 1, "not a time to sleep");
    if (tilth_wait(L, NULL, 0, tilth_deadline(seconds)) == TILTH_INTERRUPTED)
        return tilth_raise_interrupt(L);
    return 0;
}

/* text = clock.utc(seconds): a time since 1970 as "2026-11-22T10:20:30.123Z" */
static int clock_utc(lua_State *L)
{
    double seconds = luaL_checknumber(L, 1);
    luaL_argcheck(L, seconds >= EARLIEST && seconds < LATEST, 1,
                  "outside the years 0 to 9999");
    double whole = floor(seconds);
    int milliseconds = (int)floor((seconds - whole) * 1000 + 0.5);
    if (milliseconds == 1000) {
        whole += 1;
        milliseconds = 0;
    }
    time_t time = (time_t)whole;
    struct tm parts;
    gmtime_r(&time, &parts);
    char text[80];
    int length = snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                          parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                          parts.tm_hour, parts.tm_min, parts.tm_sec, milliseconds);
    lua_pushlstring(L, text, (size_t)length);
    return 1;
}

int luaopen_tilth_core_clock(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"now", clock_now},     {"monotonic", clock_monotonic},
        {"sleep", clock_sleep}, {"utc", clock_utc},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
