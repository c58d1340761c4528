/* Pushes failures in the one shape that Lua code expects: nil, message, code. */
#include "result.h"

#include <stdarg.h>
#include <string.h>

int tilth_fail_errno(lua_State *L, const char *what, int error)
{
    lua_pushnil(L);
    lua_pushfstring(L, "%s: %s", what, strerror(error));
    lua_pushinteger(L, error);
    return 3;
}

int tilth_fail(lua_State *L, const char *code, const char *message, ...)
{
    va_list arguments;
    lua_pushnil(L);
    va_start(arguments, message);
    lua_pushvfstring(L, message, arguments);
    va_end(arguments);
    lua_pushstring(L, code);
    return 3;
}

int tilth_result(lua_State *L, bool ok, const char *what, int error)
{
    if (!ok)
        return tilth_fail_errno(L, what, error);
    lua_pushboolean(L, 1);
    return 1;
}
