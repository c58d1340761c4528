/* The memory of a Lua state. */
#ifndef TILTH_ALLOCATOR_H
#define TILTH_ALLOCATOR_H

#include <lua.h>

/* A Lua state for a program that mostly runs for milliseconds. Small blocks are cut from
 * large ones, which go back to the system only when the state is closed: malloc would
 * take a tenth of the time. The collector rests until the state has grown to some
 * megabytes, which a short run never does. NULL: no memory. */
lua_State *tilth_state_new(void);

/* Closes the state and frees its memory. */
void tilth_state_close(lua_State *L);

#endif
