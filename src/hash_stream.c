/* hash.stream: the SHA-256 of a text that comes in pieces. */
#define OPENSSL_API_COMPAT                                                               \
    0x10101000L /* SHA256_Init and its kin are deprecated since 3.0 */
#include "hash.h"

#include <lauxlib.h>
#include <openssl/sha.h>

#define STREAM_TYPE "tilth.hash.stream"

/* stream = stream:update(text): takes the next piece */
static int stream_update(lua_State *L)
{
    SHA256_CTX *context = luaL_checkudata(L, 1, STREAM_TYPE);
    size_t length;
    const char *text = luaL_checklstring(L, 2, &length);
    SHA256_Update(context, text, length);
    lua_settop(L, 1);
    return 1;
}

/* text = stream:digest(): 64 hexadecimal digits of what came so far; more may follow */
static int stream_digest(lua_State *L)
{
    SHA256_CTX context = *(SHA256_CTX *)luaL_checkudata(L, 1, STREAM_TYPE);
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256_Final(digest, &context);
    tilth_hash_push_hex(L, digest, sizeof digest);
    return 1;
}

/* stream = hash.stream(): the SHA-256 of a text that comes in pieces */
int tilth_hash_stream(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"update", stream_update}, {"digest", stream_digest}, {NULL, NULL}};
    SHA256_CTX *context = lua_newuserdatauv(L, sizeof *context, 0);
    SHA256_Init(context);
    if (luaL_newmetatable(L, STREAM_TYPE)) {
        luaL_newlib(L, methods);
        lua_setfield(L, -2, "__index");
    }
    lua_setmetatable(L, -2);
    return 1;
}
