/* Checks of arguments that luaL_check* does not have. */
#include "argument.h"
#include "host.h"

#include <lauxlib.h>
#include <signal.h>
#include <string.h>

const char *tilth_check_text(lua_State *L, int argument)
{
    size_t length;
    const char *text = luaL_checklstring(L, argument, &length);
    luaL_argcheck(L, strlen(text) == length, argument, "holds a zero byte");
    return text;
}

const char *tilth_check_target(lua_State *L, int argument)
{
    const char *path = tilth_check_text(L, argument);
    luaL_argcheck(L, path[0] != '\0', argument, "empty path");
    return path;
}

const char *tilth_check_path(lua_State *L, int argument)
{
    tilth_check_target(L, argument);
    return tilth_host_resolve(L, argument);
}

int tilth_check_signal(lua_State *L, int argument)
{
    static const struct {
        const char *name;
        int number;
    } signals[] = {
        {"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT},
        {"KILL", SIGKILL}, {"TERM", SIGTERM}, {"USR1", SIGUSR1},
        {"USR2", SIGUSR2}, {"STOP", SIGSTOP}, {"CONT", SIGCONT},
    };
    if (lua_type(L, argument) == LUA_TNUMBER) {
        lua_Integer number = luaL_checkinteger(L, argument);
        luaL_argcheck(L, number >= 0 && number < NSIG, argument, "no such signal");
        return (int)number;
    }
    const char *name = luaL_checkstring(L, argument);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        if (strcmp(signals[i].name, name) == 0)
            return signals[i].number;
    }
    return luaL_argerror(L, argument, "no such signal");
}
