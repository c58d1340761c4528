/* What a stock Lua finds in the module tilth.so: a function for each of tilth's modules.
 * openers.c, which names them all, is generated. */
#ifndef TILTH_MODULE_H
#define TILTH_MODULE_H

#include <lua.h>

/* The value of the module whose name is at 1, as require calls it. */
int tilth_module_open(lua_State *L);

#define TILTH_OPENER(name)                                                               \
    int luaopen_##name(lua_State *L);                                                    \
    int luaopen_##name(lua_State *L)                                                     \
    {                                                                                    \
        return tilth_module_open(L);                                                     \
    }

#endif
