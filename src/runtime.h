/* A Lua state with tilth's core and modules in it, for the program, the library and the
 * module of stock Lua. */
#ifndef TILTH_RUNTIME_H
#define TILTH_RUNTIME_H

#include <lua.h>
#include <stdbool.h>

/* Opens Lua's own libraries, the core, tilth's modules and its own pcall in a new state.
 * A lua_CFunction without arguments or results. */
int tilth_runtime_open(lua_State *L);

/* Makes `require` find the core and tilth's modules, and changes nothing else: for a
 * state that is somebody else's. */
void tilth_runtime_join(lua_State *L);

/* Pushes the chunk of a module, and what require gives it beside its name: true. False,
 * with a text that says so, when tilth has none of this name. */
bool tilth_runtime_find(lua_State *L, const char *name);

/* The message handler of the outermost call: adds a traceback. */
int tilth_runtime_traceback(lua_State *L);

#endif
