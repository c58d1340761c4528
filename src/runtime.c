/* A Lua state with the core and the compiled-in Lua modules. */
#include "runtime.h"
#include "core.h"
#include "embed.h"
#include "host.h"
#include "interrupt.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const luaL_Reg core[] = {
    {"tilth.core.clock", luaopen_tilth_core_clock},
    {"tilth.core.csv", luaopen_tilth_core_csv},
    {"tilth.core.edit", luaopen_tilth_core_edit},
    {"tilth.core.env", luaopen_tilth_core_env},
    {"tilth.core.fs", luaopen_tilth_core_fs},
    {"tilth.core.hash", luaopen_tilth_core_hash},
    {"tilth.core.interrupt", luaopen_tilth_core_interrupt},
    {"tilth.core.json", luaopen_tilth_core_json},
    {"tilth.core.limit", luaopen_tilth_core_limit},
    {"tilth.core.net", luaopen_tilth_core_net},
    {"tilth.core.pg", luaopen_tilth_core_pg},
    {"tilth.core.place", luaopen_tilth_core_place},
    {"tilth.core.proc", luaopen_tilth_core_proc},
    {"tilth.core.sql", luaopen_tilth_core_sql},
    {"tilth.core.term", luaopen_tilth_core_term},
    {"tilth.core.version", luaopen_tilth_core_version},
    {NULL, NULL},
};

/* Loads NAME from $TILTH_LUADIR. LUA_ERRFILE: it is not there. */
static int load_from_folder(lua_State *L, const char *folder, const char *name)
{
    static const char *const tails[] = {".lua", "/init.lua"};
    /* The scripts that users copy stand beside the folder of the modules. */
    const char *path = luaL_gsub(L, name, ".", "/");
    const char *relative = luaL_gsub(L, path, "tilth/scripts/", "../scripts/");
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        const char *file = lua_pushfstring(L, "%s/%s%s", folder, relative, tails[i]);
        FILE *input = fopen(file, "r");
        if (input == NULL)
            continue;
        fclose(input);
        int status = luaL_loadfilex(L, file, "t");
        if (status != LUA_OK)
            return lua_error(L);
        lua_pushstring(L, file);
        return LUA_OK;
    }
    return LUA_ERRFILE;
}

static int compare_names(const void *name, const void *module)
{
    return strcmp(name, ((const struct tilth_module *)module)->name);
}

bool tilth_runtime_find(lua_State *L, const char *name)
{
    const char *folder = tilth_host_getenv(L, "TILTH_LUADIR");
    if (folder != NULL && folder[0] != '\0' &&
        load_from_folder(L, folder, name) == LUA_OK)
        return true;
    const struct tilth_module *module = bsearch(name, tilth_modules, tilth_module_count,
                                                sizeof *tilth_modules, compare_names);
    if (module == NULL) {
        lua_pushfstring(L, "no module '%s' in tilth", name);
        return false;
    }
    if (luaL_loadbufferx(L, (const char *)module->code, module->size, name, "b") !=
        LUA_OK)
        lua_error(L);
    lua_pushfstring(L, "tilth:%s", name);
    return true;
}

/* package.searchers: $TILTH_LUADIR if set, then the modules compiled in. */
static int search(lua_State *L)
{
    return tilth_runtime_find(L, luaL_checkstring(L, 1)) ? 2 : 1;
}

/* Another program's modules are its own: ours are those called tilth. */
static int search_tilth(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    if (strncmp(name, "tilth", 5) != 0 || (name[5] != '.' && name[5] != '\0'))
        return 0;
    return search(L);
}

static void add_searcher(lua_State *L, lua_CFunction searcher, lua_Integer place)
{
    lua_getglobal(L, LUA_LOADLIBNAME);
    lua_getfield(L, -1, "searchers");
    for (lua_Integer i = (lua_Integer)lua_rawlen(L, -1); i >= place; i--) {
        lua_rawgeti(L, -1, i);
        lua_rawseti(L, -2, i + 1);
    }
    lua_pushcfunction(L, searcher);
    lua_rawseti(L, -2, place);
    lua_pop(L, 2);
}

static void preload_core(lua_State *L)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    luaL_setfuncs(L, core, 0);
    lua_pop(L, 1);
}

int tilth_runtime_open(lua_State *L)
{
    luaL_openlibs(L);
    tilth_interrupt_base(L);
    preload_core(L);
    /* After package.preload: nothing on LUA_PATH comes before us. */
    add_searcher(L, search, 2);
    return 0;
}

static lua_Integer count_searchers(lua_State *L)
{
    lua_getglobal(L, LUA_LOADLIBNAME);
    lua_getfield(L, -1, "searchers");
    lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
    lua_pop(L, 2);
    return count;
}

void tilth_runtime_join(lua_State *L)
{
    preload_core(L);
    add_searcher(L, search_tilth, 2);
    /* What ours require beside each other, unless the program has its own. */
    add_searcher(L, search, count_searchers(L) + 1);
}

int tilth_runtime_traceback(lua_State *L)
{
    const char *message = luaL_tolstring(L, 1, NULL);
    luaL_traceback(L, L, message, 1);
    return 1;
}
