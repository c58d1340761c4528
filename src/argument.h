/* Checks of arguments that luaL_check* does not have. */
#ifndef TILTH_ARGUMENT_H
#define TILTH_ARGUMENT_H

#include <lua.h>

/* A string for the system: raises when it holds a zero byte, which C would cut it at. */
const char *tilth_check_text(lua_State *L, int argument);

/* A folder or file name as it is written: as tilth_check_text, and not empty. */
const char *tilth_check_target(lua_State *L, int argument);

/* The same for a file that is to be used: in the state's own folder where it has one. */
const char *tilth_check_path(lua_State *L, int argument);

/* The number of a signal, given as a number or as a name such as "TERM". Raises
 * otherwise. */
int tilth_check_signal(lua_State *L, int argument);

#endif
