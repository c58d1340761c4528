/* tilth.core.env: the environment of this process. Values never appear in messages. */
#include "argument.h"
#include "core.h"
#include "host.h"
#include "result.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static const char *check_name(lua_State *L, int argument)
{
    const char *name = tilth_check_text(L, argument);
    luaL_argcheck(L, name[0] != '\0' && strchr(name, '=') == NULL, argument,
                  "not a variable's name");
    return name;
}

/* text | nil = env.get(name): a variable's value, nil when it is not set */
static int env_get(lua_State *L)
{
    lua_pushstring(L, tilth_host_getenv(L, check_name(L, 1)));
    return 1;
}

/* Sets a variable of a state that has its own, and pushes true; NULL takes it away. */
static bool set_own(lua_State *L, const char *name, const char *value)
{
    if (!tilth_host_variables(L))
        return false;
    lua_pushstring(L, name);
    if (value != NULL)
        lua_pushstring(L, value);
    else
        lua_pushboolean(L, 0);
    lua_rawset(L, -3);
    lua_pushboolean(L, 1);
    return true;
}

/* true | nil, message, errno = env.set(name, value): for this process and its children */
static int env_set(lua_State *L)
{
    const char *name = check_name(L, 1);
    const char *value = tilth_check_text(L, 2);
    if (set_own(L, name, value))
        return 1;
    int failed = setenv(name, value, 1);
    return tilth_result(L, failed == 0, name, errno);
}

/* true | nil, message, errno = env.unset(name): removes a variable */
static int env_unset(lua_State *L)
{
    const char *name = check_name(L, 1);
    if (set_own(L, name, NULL))
        return 1;
    int failed = unsetenv(name);
    return tilth_result(L, failed == 0, name, errno);
}

/* Adds the variables of the table at `own` to the one at `all`. */
static void add_own(lua_State *L, int own, int all)
{
    for (lua_pushnil(L); lua_next(L, own) != 0;) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        if (!lua_toboolean(L, -1)) {
            lua_pop(L, 1);
            lua_pushnil(L);
        }
        lua_rawset(L, all);
    }
}

/* { name = value } = env.all(): all variables */
static int env_all(lua_State *L)
{
    lua_newtable(L);
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
        const char *equals = strchr(*entry, '=');
        if (equals == NULL || equals == *entry)
            continue;
        lua_pushlstring(L, *entry, (size_t)(equals - *entry));
        lua_pushvalue(L, -1);
        /* getenv finds the first of two entries with one name. */
        if (lua_rawget(L, -3) == LUA_TNIL) {
            lua_pop(L, 1);
            lua_pushstring(L, equals + 1);
            lua_rawset(L, -3);
        } else {
            lua_pop(L, 2);
        }
    }
    if (tilth_host_variables(L)) {
        add_own(L, lua_gettop(L), lua_gettop(L) - 1);
        lua_pop(L, 1);
    }
    return 1;
}

int luaopen_tilth_core_env(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"get", env_get}, {"set", env_set}, {"unset", env_unset},
        {"all", env_all}, {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
