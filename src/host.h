/* What a Lua state has in the place of its process's own: variables, the current folder,
 * standard output and error. The program's state has none of these. */
#ifndef TILTH_HOST_H
#define TILTH_HOST_H

#include <lua.h>
#include <stdbool.h>

/* Gives the state a current folder, an absolute path on top of the stack, which is
 * popped. */
void tilth_host_set_folder(lua_State *L);

/* The state's folder, or NULL: the process's. */
const char *tilth_host_folder(lua_State *L);

/* Makes a relative path at `index` on the stack absolute where the state has a folder of
 * its own. The path that is there then. */
const char *tilth_host_resolve(lua_State *L, int index);

/* Gives the state variables of its own: the table on top of the stack, name to value, or
 * to false where the process's is not to be seen. Popped. */
void tilth_host_set_variables(lua_State *L);

/* Pushes the table of variables. False, and nothing is pushed, when there is none. */
bool tilth_host_variables(lua_State *L);

/* A variable, the state's own first. NULL when it is not set. Valid until it is set anew.
 */
const char *tilth_host_getenv(lua_State *L, const char *name);

/* Gives the state standard output and error of its own: the table on top of the stack,
 * { stdout = function(chunk), stderr = ... }, takes what children say. Popped. */
void tilth_host_set_outputs(lua_State *L);

/* Does the state have standard streams of its own, and thus no terminal? */
bool tilth_host_has_outputs(lua_State *L);

/* Replaces the table at `index`, a child's options, by one that starts it in the state's
 * surroundings. */
void tilth_host_adopt(lua_State *L, int index);

#endif
