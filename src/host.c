/* What a Lua state has in the place of its process's own. */
#include "host.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

static const char FOLDER_KEY = 'f';
static const char VARIABLES_KEY = 'v';
static const char OUTPUTS_KEY = 'o';

void tilth_host_set_folder(lua_State *L)
{
    lua_rawsetp(L, LUA_REGISTRYINDEX, &FOLDER_KEY);
}

/* The string stays with the registry. */
const char *tilth_host_folder(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &FOLDER_KEY);
    const char *folder = lua_tostring(L, -1);
    lua_pop(L, 1);
    return folder;
}

const char *tilth_host_resolve(lua_State *L, int index)
{
    const char *path = lua_tostring(L, index);
    const char *folder = path[0] != '/' ? tilth_host_folder(L) : NULL;
    if (folder == NULL)
        return path;
    path = lua_pushfstring(L, "%s/%s", folder, path);
    lua_replace(L, index);
    return path;
}

void tilth_host_set_variables(lua_State *L)
{
    lua_rawsetp(L, LUA_REGISTRYINDEX, &VARIABLES_KEY);
}

bool tilth_host_variables(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &VARIABLES_KEY) == LUA_TTABLE)
        return true;
    lua_pop(L, 1);
    return false;
}

/* The table keeps the string. */
const char *tilth_host_getenv(lua_State *L, const char *name)
{
    if (!tilth_host_variables(L))
        return getenv(name);
    lua_pushstring(L, name);
    int type = lua_rawget(L, -2);
    const char *value = type == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
    lua_pop(L, 2);
    return type == LUA_TNIL ? getenv(name) : value;
}

void tilth_host_set_outputs(lua_State *L)
{
    lua_rawsetp(L, LUA_REGISTRYINDEX, &OUTPUTS_KEY);
}

bool tilth_host_has_outputs(lua_State *L)
{
    bool has = lua_rawgetp(L, LUA_REGISTRYINDEX, &OUTPUTS_KEY) == LUA_TTABLE;
    lua_pop(L, 1);
    return has;
}

static bool is_inherited(lua_State *L, int index, const char *name)
{
    int type = lua_getfield(L, index, name);
    bool inherited = type == LUA_TNIL ||
                     (type == LUA_TSTRING && strcmp(lua_tostring(L, -1), "inherit") == 0);
    lua_pop(L, 1);
    return inherited;
}

/* Standard output and error go where the state's own go; there is nothing to read. */
static void adopt_outputs(lua_State *L, int options)
{
    static const char *const names[] = {"stdout", "stderr"};
    for (int i = 0; i < 2; i++) {
        if (!is_inherited(L, options, names[i]))
            continue;
        lua_rawgetp(L, LUA_REGISTRYINDEX, &OUTPUTS_KEY);
        lua_getfield(L, -1, names[i]);
        lua_setfield(L, options, names[i]);
        lua_pop(L, 1);
    }
    if (is_inherited(L, options, "stdin")) {
        lua_pushliteral(L, "null");
        lua_setfield(L, options, "stdin");
    }
}

static void adopt_folder(lua_State *L, int options)
{
    if (lua_getfield(L, options, "cwd") == LUA_TSTRING)
        tilth_host_resolve(L, lua_gettop(L));
    else if (lua_isnil(L, -1))
        lua_pushstring(L, tilth_host_folder(L));
    lua_setfield(L, options, "cwd");
    lua_settop(L, options);
}

/* The child's own variables come before the state's. */
static void adopt_variables(lua_State *L, int options)
{
    lua_getfield(L, options, "clean_env");
    bool clean = lua_toboolean(L, -1);
    int type = lua_getfield(L, options, "env");
    if (!clean && (type == LUA_TNIL || type == LUA_TTABLE) && tilth_host_variables(L)) {
        int given = options + 2, ours = options + 3, all = options + 4;
        lua_newtable(L);
        for (lua_pushnil(L); lua_next(L, ours) != 0;) {
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            lua_rawset(L, all);
        }
        if (type == LUA_TTABLE)
            for (lua_pushnil(L); lua_next(L, given) != 0;) {
                lua_pushvalue(L, -2);
                lua_insert(L, -2);
                lua_rawset(L, all);
            }
        lua_setfield(L, options, "env");
    }
    lua_settop(L, options);
}

void tilth_host_adopt(lua_State *L, int index)
{
    int top = lua_gettop(L);
    bool has_variables = tilth_host_variables(L);
    lua_settop(L, top);
    if (!has_variables && !tilth_host_has_outputs(L) && tilth_host_folder(L) == NULL)
        return;
    lua_newtable(L);
    int options = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, index) != 0;) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, options);
    }
    if (tilth_host_has_outputs(L))
        adopt_outputs(L, options);
    if (tilth_host_folder(L) != NULL)
        adopt_folder(L, options);
    adopt_variables(L, options);
    lua_replace(L, index);
    lua_settop(L, top);
}
