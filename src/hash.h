/* What the files of tilth.core.hash share. */
#ifndef TILTH_HASH_H
#define TILTH_HASH_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#define TILTH_HASH_BYTES 32 /* of a SHA-256 */

/* What is learnt of one file. */
struct tilth_hash_file {
    unsigned char digest[TILTH_HASH_BYTES];
    lua_Integer size;
    bool plain; /* only the bytes 1 to 127: no NUL, no mark, nothing that could be bad
                   UTF-8 */
};

/* Reads and hashes a file below an open folder. false: it could not be read. Needs no
 * Lua, so that a thread may call it. */
bool tilth_hash_file(int folder, const char *path, struct tilth_hash_file *file);

/* Writes bytes as small hexadecimal digits, without a NUL at the end. */
void tilth_hash_write_hex(char *to, const unsigned char *bytes, size_t count);

/* Pushes bytes as small hexadecimal digits; at most 32 of them. */
void tilth_hash_push_hex(lua_State *L, const unsigned char *bytes, size_t count);

int tilth_hash_stream(lua_State *L);
int tilth_hash_folder(lua_State *L);

#endif
