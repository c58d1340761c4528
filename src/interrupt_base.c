/* pcall, xpcall, coroutine.resume and coroutine.wrap of a state that can be interrupted:
 * they let an interruption through, and do anything else as Lua's own. */
#include "interrupt.h"

#include <lauxlib.h>
#include <lualib.h>

static int finish_pcall(lua_State *L, int status, lua_KContext extra)
{
    if (status != LUA_OK && status != LUA_YIELD) {
        if (tilth_interrupt_of(L)->raised)
            return lua_error(L);
        lua_pushboolean(L, 0);
        lua_pushvalue(L, -2);
        return 2;
    }
    return lua_gettop(L) - (int)extra;
}

static int base_pcall(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish_pcall);
    return finish_pcall(L, status, 0);
}

static int base_xpcall(lua_State *L)
{
    int count = lua_gettop(L);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushboolean(L, 1);
    lua_pushvalue(L, 1);
    lua_rotate(L, 3, 2);
    int status = lua_pcallk(L, count - 2, LUA_MULTRET, 2, 2, finish_pcall);
    return finish_pcall(L, status, 2);
}

/* Resumes `co` with `count` arguments from the top of L's stack. The number of results,
 * which are then on top of L, or -1 with the error on top of L. As lcorolib.c:auxresume.
 */
static int resume(lua_State *L, lua_State *co, int count)
{
    if (!lua_checkstack(co, count)) {
        lua_pushliteral(L, "too many arguments to resume");
        return -1;
    }
    struct tilth_interrupt *interrupt = tilth_interrupt_of(L);
    lua_State *previous = interrupt->current;
    int results;
    lua_xmove(L, co, count);
    interrupt->current = co;
    tilth_interrupt_follow(L, co);
    int status = lua_resume(co, L, count, &results);
    interrupt->current = previous;
    tilth_interrupt_look(L);
    if (status != LUA_OK && status != LUA_YIELD) {
        lua_xmove(co, L, 1);
        return -1;
    }
    if (!lua_checkstack(L, results + 1)) {
        lua_pop(co, results);
        lua_pushliteral(L, "too many results to resume");
        return -1;
    }
    lua_xmove(co, L, results);
    return results;
}

static int base_resume(lua_State *L)
{
    lua_State *co = lua_tothread(L, 1);
    luaL_argexpected(L, co, 1, "coroutine");
    int results = resume(L, co, lua_gettop(L) - 1);
    if (results < 0) {
        if (tilth_interrupt_of(L)->raised)
            return lua_error(L);
        lua_pushboolean(L, 0);
        lua_insert(L, -2);
        return 2;
    }
    lua_pushboolean(L, 1);
    lua_insert(L, -(results + 1));
    return results + 1;
}

static int wrapped(lua_State *L)
{
    lua_State *co = lua_tothread(L, lua_upvalueindex(1));
    int results = resume(L, co, lua_gettop(L));
    if (results >= 0)
        return results;
    int status = lua_status(co);
    if (status != LUA_OK && status != LUA_YIELD) {
        status = lua_resetthread(co); /* closes its to-be-closed variables */
        lua_xmove(co, L, 1);
    }
    if (status != LUA_ERRMEM && lua_type(L, -1) == LUA_TSTRING) {
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

static int base_wrap(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_State *co = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, co, 1);
    lua_pushcclosure(L, wrapped, 1);
    return 1;
}

void tilth_interrupt_base(lua_State *L)
{
    static const luaL_Reg base[] = {
        {"pcall", base_pcall}, {"xpcall", base_xpcall}, {NULL, NULL}};
    static const luaL_Reg coroutine[] = {
        {"resume", base_resume}, {"wrap", base_wrap}, {NULL, NULL}};
    tilth_interrupt_of(L)->guest = false;
    lua_pushglobaltable(L);
    luaL_setfuncs(L, base, 0);
    lua_getfield(L, -1, LUA_COLIBNAME);
    luaL_setfuncs(L, coroutine, 0);
    lua_pop(L, 2);
}
