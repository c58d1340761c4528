/* A growing piece of memory in a userdata, from the allocator (and the limit) of its
 * state. */
#include "buffer.h"

#include <lauxlib.h>
#include <stdint.h>
#include <string.h>

static const char *const TYPE = "tilth.buffer";

static int buffer_close(lua_State *L)
{
    struct tilth_buffer *buffer = luaL_checkudata(L, 1, TYPE);
    void *context;
    lua_Alloc allocate = lua_getallocf(L, &context);
    if (buffer->data != NULL)
        allocate(context, buffer->data, buffer->capacity, 0);
    *buffer = (struct tilth_buffer){0};
    return 0;
}

struct tilth_buffer *tilth_buffer_new(lua_State *L)
{
    static const luaL_Reg metamethods[] = {
        {"__gc", buffer_close}, {"__close", buffer_close}, {NULL, NULL}};
    struct tilth_buffer *buffer = lua_newuserdatauv(L, sizeof *buffer, 0);
    *buffer = (struct tilth_buffer){0};
    if (luaL_newmetatable(L, TYPE))
        luaL_setfuncs(L, metamethods, 0);
    lua_setmetatable(L, -2);
    return buffer;
}

char *tilth_buffer_reserve(lua_State *L, struct tilth_buffer *buffer, size_t size)
{
    if (size > SIZE_MAX / 4 - buffer->length)
        luaL_error(L, "not enough memory");
    size_t needed = buffer->length + size;
    if (needed > buffer->capacity) {
        size_t capacity = buffer->capacity < 256 ? 256 : buffer->capacity * 2;
        if (capacity < needed)
            capacity = needed;
        void *context;
        lua_Alloc allocate = lua_getallocf(L, &context);
        char *data = allocate(context, buffer->data, buffer->capacity, capacity);
        if (data == NULL)
            luaL_error(L, "not enough memory");
        buffer->data = data;
        buffer->capacity = capacity;
    }
    return buffer->data + buffer->length;
}

void tilth_buffer_add(lua_State *L, struct tilth_buffer *buffer, const void *data,
                      size_t size)
{
    if (size == 0)
        return;
    memcpy(tilth_buffer_reserve(L, buffer, size), data, size);
    buffer->length += size;
}
