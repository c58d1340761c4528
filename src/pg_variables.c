/* libpq's variables (PGPASSWORD, PGOPTIONS ...) of a state that has variables of its own:
 * libpq itself reads those of the process. */
#include "host.h"
#include "pg.h"

#include <lauxlib.h>
#include <stdlib.h>

static const char *const DEFAULTS_TYPE = "tilth.pg.defaults";

static int free_defaults(lua_State *L)
{
    PQconninfoOption **options = lua_touserdata(L, 1);
    PQconninfoFree(*options);
    *options = NULL;
    return 0;
}

/* Pushes a box that keeps what libpq knows of its keywords. */
static const PQconninfoOption *push_defaults(lua_State *L)
{
    PQconninfoOption **box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = NULL;
    if (luaL_newmetatable(L, DEFAULTS_TYPE)) {
        lua_pushcfunction(L, free_defaults);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    *box = PQconndefaults();
    if (*box == NULL)
        luaL_error(L, "not enough memory");
    return *box;
}

/* What takes the place of the process's variable: the state's own, or libpq's default
 * where the state is not to see it. NULL: nothing does. */
static const char *replacement(lua_State *L, int variables,
                               const PQconninfoOption *option)
{
    if (option->envvar == NULL)
        return NULL;
    int type = lua_getfield(L, variables, option->envvar);
    const char *value = type == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
    lua_pop(L, 1); /* the table keeps it */
    if (value != NULL)
        return value;
    return type == LUA_TBOOLEAN && getenv(option->envvar) != NULL ? option->compiled
                                                                  : NULL;
}

void tilth_pg_variables(lua_State *L, int index)
{
    if (!tilth_host_variables(L))
        return;
    int variables = lua_gettop(L);
    const PQconninfoOption *options = push_defaults(L);
    lua_newtable(L);
    int made = lua_gettop(L);
    for (const PQconninfoOption *i = options; i->keyword != NULL; i++) {
        const char *value = replacement(L, variables, i);
        if (value != NULL && value[0] != '\0') {
            lua_pushstring(L, value);
            lua_setfield(L, made, i->keyword);
        }
    }
    for (lua_pushnil(L); lua_next(L, index) != 0;) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, made);
    }
    lua_replace(L, index);
    lua_settop(L, variables - 1);
}
