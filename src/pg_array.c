/* Array literals of PostgreSQL. */
#include "pg.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

/* PostgreSQL's own limit (MaxArraySize). */
#define MOST_ELEMENTS 134217727

static void add_quoted(luaL_Buffer *buffer, const char *text, size_t length)
{
    luaL_addchar(buffer, '"');
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"' || text[i] == '\\')
            luaL_addchar(buffer, '\\');
        luaL_addchar(buffer, text[i]);
    }
    luaL_addchar(buffer, '"');
}

/* Adds element `number` of the list at 1. */
static void add_element(lua_State *L, luaL_Buffer *buffer, lua_Integer number)
{
    char text[40];
    size_t length = 0;
    const char *string = NULL;
    switch (lua_rawgeti(L, 1, number)) {
    case LUA_TNIL:
    case LUA_TLIGHTUSERDATA:
        length = (size_t)sprintf(text, "NULL");
        break;
    case LUA_TBOOLEAN:
        length = (size_t)sprintf(text, lua_toboolean(L, -1) ? "t" : "f");
        break;
    case LUA_TNUMBER:
        length = (size_t)(lua_isinteger(L, -1)
                              ? sprintf(text, LUA_INTEGER_FMT, lua_tointeger(L, -1))
                              : tilth_pg_write_number(text, lua_tonumber(L, -1)));
        break;
    case LUA_TSTRING:
        string = lua_tolstring(L, -1, &length);
        if (memchr(string, '\0', length) != NULL)
            luaL_error(L, "element %I holds a NUL byte, which PostgreSQL text cannot",
                       (LUAI_UACINT)number);
        break;
    default:
        luaL_error(L, "element %I is a %s: give it as text", (LUAI_UACINT)number,
                   luaL_typename(L, -1));
    }
    lua_pop(L, 1); /* the list keeps the string alive */
    if (string != NULL)
        add_quoted(buffer, string, length);
    else
        luaL_addlstring(buffer, text, length);
}

/* text = pg.array(list [, count]): PostgreSQL's array literal of a flat list, null and
 * nil as NULL */
int tilth_pg_array(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer count = luaL_optinteger(L, 2, (lua_Integer)lua_rawlen(L, 1));
    luaL_argcheck(L, count >= 0 && count <= MOST_ELEMENTS, 2,
                  "0 to 134217727 elements expected");
    lua_settop(L, 1);
    luaL_Buffer buffer;
    luaL_buffinit(L, &buffer);
    luaL_addchar(&buffer, '{');
    for (lua_Integer i = 1; i <= count; i++) {
        if (i > 1)
            luaL_addchar(&buffer, ',');
        add_element(L, &buffer, i);
    }
    luaL_addchar(&buffer, '}');
    luaL_pushresult(&buffer);
    return 1;
}
