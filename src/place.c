/* tilth.core.place: where tilth's own files are installed. */
#include "core.h"

#include <lauxlib.h>

/* The table { seeds } of paths. */
int luaopen_tilth_core_place(lua_State *L)
{
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, TILTH_SEEDDIR);
    lua_setfield(L, -2, "seeds");
    return 1;
}
