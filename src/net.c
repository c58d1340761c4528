/* tilth.core.net: host names to addresses, on a thread because getaddrinfo blocks; the
 * rest is in net_link.c and net_tls.c. */
#include "net.h"
#include "core.h"
#include "offload.h"
#include "result.h"

#include <arpa/inet.h>
#include <errno.h>
#include <lauxlib.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

struct lookup {
    char *host;
    int error, saved_errno;
    struct addrinfo *found;
};

static void look_up(void *data)
{
    struct lookup *lookup = data;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    lookup->error = getaddrinfo(lookup->host, NULL, &hints, &lookup->found);
    if (lookup->error == EAI_NONAME || lookup->error == EAI_ADDRFAMILY) {
        /* Without any configured interface (an isolated container) localhost still
         * counts. */
        hints.ai_flags = 0;
        lookup->error = getaddrinfo(lookup->host, NULL, &hints, &lookup->found);
    }
    lookup->saved_errno = errno;
}

static void free_lookup(void *data)
{
    struct lookup *lookup = data;
    if (lookup->error == 0 && lookup->found != NULL)
        freeaddrinfo(lookup->found);
    free(lookup->host);
    free(lookup);
}

static const char *const LOOKUP = "tilth.net.lookup";

static int close_lookup(lua_State *L)
{
    struct lookup **box = lua_touserdata(L, 1);
    if (*box != NULL)
        free_lookup(*box);
    *box = NULL;
    return 0;
}

static struct lookup **push_lookup(lua_State *L, const char *host)
{
    struct lookup **box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = NULL;
    if (luaL_newmetatable(L, LOOKUP)) {
        lua_pushcfunction(L, close_lookup);
        lua_setfield(L, -2, "__gc");
        lua_pushcfunction(L, close_lookup);
        lua_setfield(L, -2, "__close");
    }
    lua_setmetatable(L, -2);
    lua_toclose(L, -1);
    *box = calloc(1, sizeof **box);
    if (*box != NULL)
        (*box)->host = strdup(host);
    if (*box == NULL || (*box)->host == NULL)
        luaL_error(L, "not enough memory");
    return box;
}

static void push_addresses(lua_State *L, const struct addrinfo *found)
{
    lua_newtable(L);
    for (lua_Integer i = 1; found != NULL; found = found->ai_next) {
        char text[NI_MAXHOST];
        if (getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof text, NULL, 0,
                        NI_NUMERICHOST) != 0)
            continue;
        lua_pushstring(L, text);
        lua_rawseti(L, -2, i++);
    }
}

/* addresses | nil, message, code = net.resolve(host [, timeout]): looks a host up */
static int net_resolve(lua_State *L)
{
    const char *host = luaL_checkstring(L, 1);
    double seconds = luaL_optnumber(L, 2, -1);
    struct lookup **box = push_lookup(L, host);
    struct lookup *lookup = *box;
    *box = NULL; /* the thread's while it runs */
    int outcome = tilth_offload(L, look_up, free_lookup, lookup, tilth_deadline(seconds));
    if (outcome == -1) {
        int error = errno;
        *box = lookup;
        return tilth_fail_errno(L, "cannot start a thread", error);
    }
    if (outcome == TILTH_INTERRUPTED)
        return tilth_raise_interrupt(L);
    if (outcome == TILTH_TIMEOUT)
        return tilth_fail(L, "unreachable", "no answer to the name lookup of %s", host);
    *box = lookup;
    if (lookup->error != 0)
        return tilth_fail(L, "unreachable", "%s: %s", host,
                          lookup->error == EAI_SYSTEM ? strerror(lookup->saved_errno)
                                                      : gai_strerror(lookup->error));
    push_addresses(L, lookup->found);
    return 1;
}

/* boolean = net.is_address(text): an IPv4 or IPv6 address rather than a name */
static int net_is_address(lua_State *L)
{
    const char *text = luaL_checkstring(L, 1);
    unsigned char bytes[sizeof(struct in6_addr)];
    lua_pushboolean(L, inet_pton(AF_INET, text, bytes) == 1 ||
                           inet_pton(AF_INET6, text, bytes) == 1);
    return 1;
}

int luaopen_tilth_core_net(lua_State *L)
{
    static const luaL_Reg functions[] = {{"is_address", net_is_address},
                                         {"probe", tilth_net_probe},
                                         {"resolve", net_resolve},
                                         {"tls", tilth_net_tls},
                                         {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
