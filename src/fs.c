/* tilth.core.fs: files and folders. Reading and writing, trees and locks have files of
 * their own (fs_file.c, fs_tree.c, fs_lock.c). */
#include "fs.h"
#include "argument.h"
#include "core.h"
#include "host.h"
#include "result.h"

#include <errno.h>
#include <lauxlib.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const char *const DESCRIPTOR_TYPE = "tilth.fs.descriptor";

static int descriptor_close(lua_State *L)
{
    int *descriptor = lua_touserdata(L, 1);
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
    return 0;
}

int *tilth_fs_descriptor(lua_State *L)
{
    static const luaL_Reg metamethods[] = {
        {"__gc", descriptor_close}, {"__close", descriptor_close}, {NULL, NULL}};
    int *descriptor = lua_newuserdatauv(L, sizeof *descriptor, 0);
    *descriptor = -1;
    if (luaL_newmetatable(L, DESCRIPTOR_TYPE))
        luaL_setfuncs(L, metamethods, 0);
    lua_setmetatable(L, -2);
    return descriptor;
}

int tilth_fs_check_mode(lua_State *L, int argument)
{
    lua_Integer mode = luaL_optinteger(L, argument, -1);
    luaL_argcheck(L, mode >= -1 && mode <= 07777, argument, "not a file mode");
    return (int)mode;
}

const char *tilth_fs_type(mode_t mode)
{
    if (S_ISREG(mode))
        return "file";
    if (S_ISDIR(mode))
        return "directory";
    return S_ISLNK(mode) ? "link" : "other";
}

static void set_integer(lua_State *L, const char *name, lua_Integer value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, name);
}

/* { type, size, mtime, mode, uid, gid } | nil, message, errno = fs.stat(path [,
 * follow]): "follow" describes the target of a link */
static int fs_stat(lua_State *L)
{
    static const char *const options[] = {"nofollow", "follow", NULL};
    const char *path = tilth_check_path(L, 1);
    int follow = luaL_checkoption(L, 2, "nofollow", options);
    struct stat found;
    if ((follow ? stat(path, &found) : lstat(path, &found)) != 0)
        return tilth_fail_errno(L, path, errno);
    lua_createtable(L, 0, 6);
    lua_pushstring(L, tilth_fs_type(found.st_mode));
    lua_setfield(L, -2, "type");
    lua_pushnumber(L, (lua_Number)found.st_mtim.tv_sec +
                          (lua_Number)found.st_mtim.tv_nsec / 1e9);
    lua_setfield(L, -2, "mtime");
    set_integer(L, "size", (lua_Integer)found.st_size);
    set_integer(L, "mode", (lua_Integer)(found.st_mode & 07777));
    set_integer(L, "uid", (lua_Integer)found.st_uid);
    set_integer(L, "gid", (lua_Integer)found.st_gid);
    return 1;
}

/* true | nil, message, errno = fs.remove(path): a file, a link or an empty folder */
static int fs_remove(lua_State *L)
{
    const char *path = tilth_check_path(L, 1);
    int failed = remove(path);
    return tilth_result(L, failed == 0, path, errno);
}

/* nil, "from to to: reason", errno */
static int fail_two(lua_State *L, const char *from, const char *to, int error)
{
    return tilth_fail_errno(L, lua_pushfstring(L, "%s to %s", from, to), error);
}

/* true | nil, message, errno = fs.rename(from, to): replaces what has the new name */
static int fs_rename(lua_State *L)
{
    const char *from = tilth_check_path(L, 1);
    const char *to = tilth_check_path(L, 2);
    if (rename(from, to) != 0)
        return fail_two(L, from, to, errno);
    lua_pushboolean(L, 1);
    return 1;
}

/* true | nil, message, errno = fs.symlink(target, path): makes a symbolic link */
static int fs_symlink(lua_State *L)
{
    const char *target = tilth_check_target(L, 1);
    const char *path = tilth_check_path(L, 2);
    int failed = symlink(target, path);
    return tilth_result(L, failed == 0, path, errno);
}

/* path | nil, message, errno = fs.realpath(path): without links, . and .. */
static int fs_realpath(lua_State *L)
{
    const char *path = tilth_check_path(L, 1);
    char resolved[PATH_MAX];
    if (realpath(path, resolved) == NULL)
        return tilth_fail_errno(L, path, errno);
    lua_pushstring(L, resolved);
    return 1;
}

/* path | nil, message, errno = fs.cwd(): the current folder */
static int fs_cwd(lua_State *L)
{
    const char *own = tilth_host_folder(L);
    char path[PATH_MAX];
    if (own != NULL) {
        lua_pushstring(L, own);
        return 1;
    }
    if (getcwd(path, sizeof path) == NULL)
        return tilth_fail_errno(L, "current folder", errno);
    lua_pushstring(L, path);
    return 1;
}

/* Changes the folder of this state alone. */
static int change_own_folder(lua_State *L, const char *path)
{
    char resolved[PATH_MAX];
    struct stat found;
    if (realpath(path, resolved) == NULL || stat(resolved, &found) != 0 ||
        access(resolved, X_OK) != 0)
        return tilth_fail_errno(L, path, errno);
    if (!S_ISDIR(found.st_mode))
        return tilth_fail_errno(L, path, ENOTDIR);
    lua_pushstring(L, resolved);
    tilth_host_set_folder(L);
    lua_pushboolean(L, 1);
    return 1;
}

/* true | nil, message, errno = fs.chdir(path): changes the current folder */
static int fs_chdir(lua_State *L)
{
    const char *path = tilth_check_path(L, 1);
    if (tilth_host_folder(L) != NULL)
        return change_own_folder(L, path);
    int failed = chdir(path);
    return tilth_result(L, failed == 0, path, errno);
}

/* true | nil, message, errno = fs.chmod(path, mode): sets a file's mode */
static int fs_chmod(lua_State *L)
{
    const char *path = tilth_check_path(L, 1);
    luaL_checkinteger(L, 2);
    int mode = tilth_fs_check_mode(L, 2);
    luaL_argcheck(L, mode >= 0, 2, "not a file mode");
    int failed = chmod(path, (mode_t)mode);
    return tilth_result(L, failed == 0, path, errno);
}

/* true | nil, message, errno = fs.chown(path, uid, gid): of a link itself, never its
 * target */
static int fs_chown(lua_State *L)
{
    const char *path = tilth_check_path(L, 1);
    uid_t uid = (uid_t)luaL_checkinteger(L, 2);
    gid_t gid = (gid_t)luaL_checkinteger(L, 3);
    int failed = lchown(path, uid, gid);
    return tilth_result(L, failed == 0, path, errno);
}

/* bytes | nil, message, errno = fs.disk_free(path): what an ordinary user may still write
 */
static int fs_disk_free(lua_State *L)
{
    const char *path = tilth_check_path(L, 1);
    struct statvfs disk;
    if (statvfs(path, &disk) != 0)
        return tilth_fail_errno(L, path, errno);
    lua_pushinteger(L, (lua_Integer)(disk.f_bavail * disk.f_frsize));
    return 1;
}

int luaopen_tilth_core_fs(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"append", tilth_fs_append},
        {"chdir", fs_chdir},
        {"chmod", fs_chmod},
        {"chown", fs_chown},
        {"cwd", fs_cwd},
        {"disk_free", fs_disk_free},
        {"list", tilth_fs_list},
        {"lock", tilth_fs_lock},
        {"mkdir", tilth_fs_mkdir},
        {"read", tilth_fs_read},
        {"realpath", fs_realpath},
        {"remove", fs_remove},
        {"remove_tree", tilth_fs_remove_tree},
        {"rename", fs_rename},
        {"stat", fs_stat},
        {"symlink", fs_symlink},
        {"sync", tilth_fs_sync},
        {"temporary", tilth_fs_temporary},
        {"write", tilth_fs_write},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
