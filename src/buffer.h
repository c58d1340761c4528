/* A growing piece of memory in a userdata: freed when it is closed or collected, so that
 * text can be gathered while Lua calls that may raise run in between. */
#ifndef TILTH_BUFFER_H
#define TILTH_BUFFER_H

#include <lua.h>
#include <stddef.h>

struct tilth_buffer {
    char *data;
    size_t length;
    size_t capacity;
};

/* Pushes an empty buffer. The caller may mark it with lua_toclose. */
struct tilth_buffer *tilth_buffer_new(lua_State *L);

/* Makes room for `size` more bytes; the place to write them. Raises when memory is short.
 */
char *tilth_buffer_reserve(lua_State *L, struct tilth_buffer *buffer, size_t size);

/* Appends bytes. Raises when memory is short. */
void tilth_buffer_add(lua_State *L, struct tilth_buffer *buffer, const void *data,
                      size_t size);

#endif
