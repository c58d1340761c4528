/* What the files of tilth.core.hash share. */
#ifndef TILTH_HASH_H
#define TILTH_HASH_H

#include <lua.h>
#include <stddef.h>

/* Pushes bytes as small hexadecimal digits; at most 32 of them. */
void tilth_hash_push_hex(lua_State *L, const unsigned char *bytes, size_t count);

int tilth_hash_stream(lua_State *L);

#endif
