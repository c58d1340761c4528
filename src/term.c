/* tilth.core.term: what a descriptor leads to, and how wide it is. */
#include "core.h"
#include "host.h"

#include <lauxlib.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int check_descriptor(lua_State *L, int argument)
{
    lua_Integer descriptor = luaL_checkinteger(L, argument);
    luaL_argcheck(L, descriptor >= 0 && descriptor <= INT_MAX, argument,
                  "not a descriptor");
    return (int)descriptor;
}

/* boolean = term.is_terminal(fd): does a descriptor lead to a terminal? */
static int term_is_terminal(lua_State *L)
{
    int descriptor = check_descriptor(L, 1);
    lua_pushboolean(L, !tilth_host_has_outputs(L) && isatty(descriptor));
    return 1;
}

/* columns | nil = term.width(fd): nil when it is no terminal or does not know its
 * width */
static int term_width(lua_State *L)
{
    struct winsize size = {0};
    int failed = ioctl(check_descriptor(L, 1), TIOCGWINSZ, &size);
    if (failed != 0 || size.ws_col == 0)
        lua_pushnil(L);
    else
        lua_pushinteger(L, size.ws_col);
    return 1;
}

/* rows | nil = term.height(fd): nil when it is no terminal or does not know its height */
static int term_height(lua_State *L)
{
    struct winsize size = {0};
    int failed = ioctl(check_descriptor(L, 1), TIOCGWINSZ, &size);
    if (failed != 0 || size.ws_row == 0)
        lua_pushnil(L);
    else
        lua_pushinteger(L, size.ws_row);
    return 1;
}

int luaopen_tilth_core_term(lua_State *L)
{
    static const luaL_Reg functions[] = {{"height", term_height},
                                         {"is_terminal", term_is_terminal},
                                         {"width", term_width},
                                         {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
