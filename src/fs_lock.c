/* fs.lock: a lock file that one process at a time holds, and that dies with its process.
 */
#include "argument.h"
#include "fs.h"
#include "result.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <sys/file.h>
#include <unistd.h>

static const char *const LOCK_TYPE = "tilth.fs.lock";

struct lock {
    int descriptor;
};

/* lock:close(): gives the lock back; the file stays, as removing it would let two in */
static int lock_close(lua_State *L)
{
    struct lock *lock = luaL_checkudata(L, 1, LOCK_TYPE);
    if (lock->descriptor >= 0)
        close(lock->descriptor);
    lock->descriptor = -1;
    return 0;
}

static int lock_text(lua_State *L)
{
    const struct lock *lock = luaL_checkudata(L, 1, LOCK_TYPE);
    lua_pushstring(L, lock->descriptor >= 0 ? "lock (held)" : "lock (closed)");
    return 1;
}

static void push_metatable(lua_State *L)
{
    static const luaL_Reg methods[] = {{"close", lock_close}, {NULL, NULL}};
    static const luaL_Reg metamethods[] = {{"__gc", lock_close},
                                           {"__close", lock_close},
                                           {"__tostring", lock_text},
                                           {NULL, NULL}};
    if (!luaL_newmetatable(L, LOCK_TYPE))
        return;
    luaL_setfuncs(L, metamethods, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
}

/* lock | nil, message, errno = fs.lock(path): EAGAIN when another process holds it */
int tilth_fs_lock(lua_State *L)
{
    const char *path = tilth_check_path(L, 1);
    struct lock *lock = lua_newuserdatauv(L, sizeof *lock, 0);
    lock->descriptor = -1;
    push_metatable(L);
    lua_setmetatable(L, -2);
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    if (descriptor < 0)
        return tilth_fail_errno(L, path, errno);
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        int error = errno;
        close(descriptor);
        return tilth_fail_errno(
            L,
            error == EWOULDBLOCK ? lua_pushfstring(L, "%s: held by another process", path)
                                 : path,
            error);
    }
    lock->descriptor = descriptor;
    return 1;
}
