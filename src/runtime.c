/* The embedding face: a Lua state with the core and the compiled-in Lua modules. */
#include "core.h"
#include "embed.h"
#include "interrupt.h"
#include "tilth.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tilth {
    lua_State *L;
    struct tilth_interrupt *interrupt;
};

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

/* package.searchers: $TILTH_LUADIR if set, then the modules compiled in. */
static int search(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    const char *folder = getenv("TILTH_LUADIR");
    if (folder != NULL && folder[0] != '\0' &&
        load_from_folder(L, folder, name) == LUA_OK)
        return 2;
    const struct tilth_module *module = bsearch(name, tilth_modules, tilth_module_count,
                                                sizeof *tilth_modules, compare_names);
    if (module == NULL) {
        lua_pushfstring(L, "no module '%s' in tilth", name);
        return 1;
    }
    if (luaL_loadbufferx(L, (const char *)module->code, module->size, name, "b") !=
        LUA_OK)
        return lua_error(L);
    lua_pushfstring(L, "tilth:%s", name);
    return 2;
}

static void add_searcher(lua_State *L)
{
    lua_getglobal(L, LUA_LOADLIBNAME);
    lua_getfield(L, -1, "searchers");
    for (lua_Integer i = (lua_Integer)lua_rawlen(L, -1); i >= 2; i--) {
        lua_rawgeti(L, -1, i);
        lua_rawseti(L, -2, i + 1);
    }
    lua_pushcfunction(L, search);
    lua_rawseti(L, -2,
                2); /* after package.preload: nothing on LUA_PATH comes before us */
    lua_pop(L, 2);
}

static void preload_core(lua_State *L)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    luaL_setfuncs(L, core, 0);
    lua_pop(L, 1);
}

static int open_runtime(lua_State *L)
{
    luaL_openlibs(L);
    tilth_interrupt_base(L);
    preload_core(L);
    add_searcher(L);
    return 0;
}

const char *tilth_version(void)
{
    return PACKAGE_VERSION;
}

tilth *tilth_new(void)
{
    tilth *runtime = calloc(1, sizeof *runtime);
    if (runtime == NULL)
        return NULL;
    runtime->L = luaL_newstate();
    if (runtime->L != NULL) {
        lua_pushcfunction(runtime->L, open_runtime);
        if (lua_pcall(runtime->L, 0, 0, 0) == LUA_OK) {
            runtime->interrupt = tilth_interrupt_of(runtime->L);
            return runtime;
        }
    }
    tilth_free(runtime);
    return NULL;
}

void tilth_free(tilth *runtime)
{
    if (runtime == NULL)
        return;
    if (runtime->L != NULL)
        lua_close(runtime->L);
    free(runtime);
}

void tilth_cancel(tilth *runtime, int signal)
{
    tilth_interrupt(runtime->interrupt, signal);
}

int tilth_interrupt_count(const tilth *runtime)
{
    return (int)runtime->interrupt->count;
}

static int add_traceback(lua_State *L)
{
    const char *message = luaL_tolstring(L, 1, NULL);
    luaL_traceback(L, L, message, 1);
    return 1;
}

/* cli.main(arguments): arguments at 1 as a light userdata (argv), their number at 2. */
static int run_command_line(lua_State *L)
{
    char **argv = lua_touserdata(L, 1);
    int argc = (int)lua_tointeger(L, 2);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "tilth.cli");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "main");
    lua_createtable(L, argc, 1);
    for (int i = 0; i < argc; i++) {
        lua_pushstring(L, argv[i]);
        lua_rawseti(L, -2, i);
    }
    lua_call(L, 1, 1);
    return 1;
}

int tilth_main(tilth *runtime, int argc, char **argv)
{
    lua_State *L = runtime->L;
    lua_settop(L, 0);
    lua_pushcfunction(L, add_traceback);
    lua_pushcfunction(L, run_command_line);
    lua_pushlightuserdata(L, argv);
    lua_pushinteger(L, argc);
    int status = 99;
    if (lua_pcall(L, 2, 1, 1) == LUA_OK)
        status = (int)lua_tointeger(L, -1);
    else if (runtime->interrupt->signal != 0)
        status = 128 + runtime->interrupt->signal;
    else
        fprintf(stderr, "tilth: a bug in tilth: %s\n", lua_tostring(L, -1));
    lua_settop(L, 0);
    return status;
}
