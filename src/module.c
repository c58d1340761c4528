/* tilth in a stock lua5.4: require("tilth") loads this library, which brings the core and
 * all of tilth's Lua modules, and uses the Lua that has loaded it. */
#include "module.h"
#include "runtime.h"

#include <lauxlib.h>

static const char JOINED_KEY = 'j';

static void join_once(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &JOINED_KEY) == LUA_TNIL) {
        luaL_checkversion(L);
        tilth_runtime_join(L);
        lua_pushboolean(L, 1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &JOINED_KEY);
    }
    lua_pop(L, 1);
}

int tilth_module_open(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    join_once(L);
    if (!tilth_runtime_find(L, name))
        return lua_error(L);
    lua_pushvalue(L, 1);
    lua_insert(L, -2);
    lua_call(L, 2, 1);
    return 1;
}
