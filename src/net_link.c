/* Connecting to an address with a deadline, as far as TCP or a Unix socket goes. */
#include "net.h"
#include "result.h"
#include "wait.h"

#include <errno.h>
#include <lauxlib.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *const LINK = "tilth.net.link";

static int close_link(lua_State *L)
{
    struct tilth_link *link = lua_touserdata(L, 1);
    if (link->names != NULL)
        GENERAL_NAMES_free(link->names);
    if (link->text != NULL)
        BIO_free(link->text);
    if (link->session != NULL)
        SSL_free(link->session);
    if (link->context != NULL)
        SSL_CTX_free(link->context);
    if (link->descriptor >= 0)
        close(link->descriptor);
    *link = (struct tilth_link){.descriptor = -1};
    return 0;
}

struct tilth_link *tilth_link_push(lua_State *L)
{
    struct tilth_link *link = lua_newuserdatauv(L, sizeof *link, 0);
    *link = (struct tilth_link){.descriptor = -1};
    if (luaL_newmetatable(L, LINK)) {
        lua_pushcfunction(L, close_link);
        lua_setfield(L, -2, "__gc");
        lua_pushcfunction(L, close_link);
        lua_setfield(L, -2, "__close");
    }
    lua_setmetatable(L, -2);
    lua_toclose(L, -1);
    return link;
}

/* Fills in a Unix socket's address; `@name` is one without a file. */
static int unix_address(const char *path, struct sockaddr_storage *address,
                        socklen_t *length)
{
    struct sockaddr_un *un = (struct sockaddr_un *)address;
    size_t bytes = strlen(path);
    if (bytes >= sizeof un->sun_path)
        return ENAMETOOLONG;
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path, bytes + 1);
    *length = (socklen_t)sizeof *un;
    if (path[0] == '@') {
        un->sun_path[0] = '\0';
        *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes);
    }
    return 0;
}

/* Numeric addresses only, so that this never blocks. */
static int inet_address(const char *text, lua_Integer port,
                        struct sockaddr_storage *address, socklen_t *length)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *found;
    char service[24];
    snprintf(service, sizeof service, "%d", (int)port);
    if (getaddrinfo(text, service, &hints, &found) != 0)
        return EINVAL;
    memcpy(address, found->ai_addr, found->ai_addrlen);
    *length = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

static int fail(lua_State *L, const char *address, int error)
{
    return tilth_fail_errno(L, address, error);
}

int tilth_link_open(lua_State *L, struct tilth_link *link, const char *address,
                    lua_Integer port, double deadline)
{
    struct sockaddr_storage place = {0};
    socklen_t length = 0;
    bool local = address[0] == '/' || address[0] == '@';
    int error = local ? unix_address(address, &place, &length)
                      : inet_address(address, port, &place, &length);
    if (error != 0)
        return fail(L, address, error);
    link->descriptor =
        socket(place.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (link->descriptor < 0)
        return fail(L, address, errno);
    if (connect(link->descriptor, (struct sockaddr *)&place, length) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return fail(L, address, errno);
    struct pollfd wait = {link->descriptor, POLLOUT, 0};
    enum tilth_wait outcome = tilth_wait(L, &wait, 1, deadline);
    if (outcome == TILTH_INTERRUPTED)
        return tilth_raise_interrupt(L);
    if (outcome == TILTH_TIMEOUT)
        return fail(L, address, ETIMEDOUT);
    socklen_t size = sizeof error;
    if (getsockopt(link->descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    return error == 0 ? 0 : fail(L, address, error);
}

/* true, seconds | nil, message, errno = net.probe(address, port [, timeout]): connects
 * and closes again */
int tilth_net_probe(lua_State *L)
{
    const char *address = luaL_checkstring(L, 1);
    lua_Integer port = luaL_checkinteger(L, 2);
    double seconds = luaL_optnumber(L, 3, -1);
    luaL_argcheck(L, port >= 0 && port <= 65535, 2, "not a port");
    double started = tilth_monotonic();
    struct tilth_link *link = tilth_link_push(L);
    int failed = tilth_link_open(L, link, address, port, tilth_deadline(seconds));
    if (failed != 0)
        return failed;
    lua_pushboolean(L, 1);
    lua_pushnumber(L, tilth_monotonic() - started);
    return 2;
}
