/* tilth.core.version: the versions of tilth and of the libraries it runs with. */
#include "core.h"

#include <jansson.h>
#include <lauxlib.h>
#include <libpq-fe.h>
#include <openssl/crypto.h>

static void set(lua_State *L, const char *name, const char *version)
{
    lua_pushstring(L, version);
    lua_setfield(L, -2, name);
}

/* The table { tilth, lua, libpq, openssl, jansson } of texts. */
int luaopen_tilth_core_version(lua_State *L)
{
    lua_createtable(L, 0, 5);
    set(L, "tilth", PACKAGE_VERSION);
    set(L, "lua", LUA_VERSION_MAJOR "." LUA_VERSION_MINOR "." LUA_VERSION_RELEASE);
    lua_pushfstring(L, "%d.%d", PQlibVersion() / 10000, PQlibVersion() % 10000);
    lua_setfield(L, -2, "libpq");
    set(L, "openssl", OpenSSL_version(OPENSSL_VERSION_STRING));
    set(L, "jansson", JANSSON_VERSION);
    return 1;
}
