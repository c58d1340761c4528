/* The core's Lua libraries, one C file each; runtime.c registers them. */
#ifndef TILTH_CORE_H
#define TILTH_CORE_H

#include <lua.h>

/* Hidden in libtilth (only tilth_* is exported), visible in a Lua module. */
int luaopen_tilth_core_clock(lua_State *L);
int luaopen_tilth_core_csv(lua_State *L);
int luaopen_tilth_core_edit(lua_State *L);
int luaopen_tilth_core_env(lua_State *L);
int luaopen_tilth_core_fs(lua_State *L);
int luaopen_tilth_core_hash(lua_State *L);
int luaopen_tilth_core_interrupt(lua_State *L);
int luaopen_tilth_core_json(lua_State *L);
int luaopen_tilth_core_limit(lua_State *L);
int luaopen_tilth_core_net(lua_State *L);
int luaopen_tilth_core_pg(lua_State *L);
int luaopen_tilth_core_place(lua_State *L);
int luaopen_tilth_core_proc(lua_State *L);
int luaopen_tilth_core_sql(lua_State *L);
int luaopen_tilth_core_term(lua_State *L);
int luaopen_tilth_core_version(lua_State *L);

#endif
