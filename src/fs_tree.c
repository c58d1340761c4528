/* fs.list, fs.mkdir, fs.remove_tree and fs.temporary: folders. */
#include "argument.h"
#include "fs.h"
#include "host.h"
#include "result.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const LISTING_TYPE = "tilth.fs.listing";

struct listing {
    struct dirent **entries;
    int count;
};

static int listing_close(lua_State *L)
{
    struct listing *listing = lua_touserdata(L, 1);
    for (int i = 0; i < listing->count; i++)
        free(listing->entries[i]);
    free(listing->entries);
    *listing = (struct listing){0};
    return 0;
}

static struct listing *new_listing(lua_State *L)
{
    static const luaL_Reg metamethods[] = {
        {"__gc", listing_close}, {"__close", listing_close}, {NULL, NULL}};
    struct listing *listing = lua_newuserdatauv(L, sizeof *listing, 0);
    *listing = (struct listing){0};
    if (luaL_newmetatable(L, LISTING_TYPE))
        luaL_setfuncs(L, metamethods, 0);
    lua_setmetatable(L, -2);
    return listing;
}

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int is_entry(const struct dirent *entry)
{
    return !is_dot(entry->d_name);
}

static int by_bytes(const struct dirent **left, const struct dirent **right)
{
    return strcmp((*left)->d_name, (*right)->d_name);
}

/* The kind of an entry; asks the file system where the folder itself does not say. */
static const char *type_of(const char *folder, const struct dirent *entry)
{
    switch (entry->d_type) {
    case DT_REG:
        return "file";
    case DT_DIR:
        return "directory";
    case DT_LNK:
        return "link";
    case DT_UNKNOWN:
        break;
    default:
        return "other";
    }
    char path[PATH_MAX];
    struct stat found;
    int length = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    if (length >= (int)sizeof path || lstat(path, &found) != 0)
        return "other";
    return tilth_fs_type(found.st_mode);
}

/* entries | nil, message, errno = fs.list(path): { name, type } of all in a folder, in
 * byte order; type is "file", "directory", "link" or "other" */
int tilth_fs_list(lua_State *L)
{
    const char *path = tilth_check_path(L, 1);
    struct listing *listing = new_listing(L);
    lua_toclose(L, -1);
    int count = scandir(path, &listing->entries, is_entry, by_bytes);
    if (count < 0)
        return tilth_fail_errno(L, path, errno);
    listing->count = count;
    lua_createtable(L, count, 0);
    for (int i = 0; i < count; i++) {
        lua_createtable(L, 0, 2);
        lua_pushstring(L, listing->entries[i]->d_name);
        lua_setfield(L, -2, "name");
        lua_pushstring(L, type_of(path, listing->entries[i]));
        lua_setfield(L, -2, "type");
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

static bool make_folder(const char *path, mode_t mode)
{
    struct stat found;
    if (mkdir(path, mode) == 0)
        return true;
    if (errno != EEXIST || stat(path, &found) != 0)
        return false;
    errno = S_ISDIR(found.st_mode) ? 0 : ENOTDIR;
    return S_ISDIR(found.st_mode);
}

/* true | nil, message, errno = fs.mkdir(path [, mode]): with parents; one that exists is
 * well */
int tilth_fs_mkdir(lua_State *L)
{
    size_t length;
    tilth_check_path(L, 1);
    const char *path = lua_tolstring(L, 1, &length);
    int mode = tilth_fs_check_mode(L, 2);
    if (make_folder(path, mode >= 0 ? (mode_t)mode : 0777)) {
        lua_pushboolean(L, 1);
        return 1;
    }
    if (errno != ENOENT)
        return tilth_fail_errno(L, path, errno);
    char *part = lua_newuserdatauv(L, length + 1, 0);
    memcpy(part, path, length + 1);
    for (size_t i = 1; i < length; i++) {
        if (part[i] != '/')
            continue;
        part[i] = '\0';
        if (!make_folder(part, 0777))
            return tilth_fail_errno(L, part, errno);
        part[i] = '/';
    }
    bool ok = make_folder(path, mode >= 0 ? (mode_t)mode : 0777);
    return tilth_result(L, ok, path, errno);
}

static bool remove_entries(int folder, char *failed);

/* Keeps the name of the first thing that could not be removed (NAME_MAX + 1 bytes). */
static bool fail_at(char *failed, const char *name)
{
    int error = errno;
    if (failed[0] == '\0')
        snprintf(failed, NAME_MAX + 1, "%s", name);
    errno = error;
    return false;
}

/* Removes a name in a folder, and all below it. A link is removed, not followed. */
static bool remove_at(int parent, const char *name, char *failed)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return true;
    if (errno != EISDIR && errno != EPERM)
        return fail_at(failed, name);
    int error = errno; /* EPERM is POSIX's word for a folder, and Linux's for a ban */
    int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) {
        if (errno == ENOTDIR || errno == ELOOP)
            errno = error;
        return fail_at(failed, name);
    }
    if (remove_entries(folder, failed) &&
        (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT))
        return true;
    return fail_at(failed, name);
}

/* Empties a folder and closes its descriptor. */
static bool remove_entries(int folder, char *failed)
{
    DIR *entries = fdopendir(folder);
    if (entries == NULL) {
        int error = errno;
        close(folder);
        errno = error;
        return false;
    }
    bool ok = true;
    while (ok) {
        errno = 0;
        const struct dirent *entry = readdir(entries);
        if (entry == NULL) {
            ok = errno == 0;
            break;
        }
        if (!is_dot(entry->d_name))
            ok = remove_at(folder, entry->d_name, failed);
    }
    int error = errno;
    closedir(entries);
    errno = error;
    return ok;
}

/* true | nil, message, code = fs.remove_tree(path): well when nothing is there; links
 * are never followed */
int tilth_fs_remove_tree(lua_State *L)
{
    char path[PATH_MAX];
    size_t length = strlen(tilth_check_path(L, 1));
    const char *given = lua_tostring(L, 1);
    /* A slash at the end would follow a link. */
    while (length > 0 && given[length - 1] == '/')
        length--;
    if (length >= sizeof path)
        return tilth_fail_errno(L, given, ENAMETOOLONG);
    memcpy(path, given, length);
    path[length] = '\0';
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    if (length == 0 || is_dot(name))
        return tilth_fail(L, "unsafe",
                          "%s: will not remove it: name a folder by its own name", given);
    char failed[NAME_MAX + 1] = "";
    bool ok = remove_at(AT_FDCWD, path, failed);
    int error = errno;
    if (!ok && strcmp(failed, path) != 0 && failed[0] != '\0')
        given = lua_pushfstring(L, "%s: %s", given, failed);
    return tilth_result(L, ok, given, error);
}

/* path | nil, message, errno = fs.temporary(prefix): a new folder that only this user
 * enters */
int tilth_fs_temporary(lua_State *L)
{
    const char *prefix = tilth_check_target(L, 1);
    const char *parent = tilth_host_getenv(L, "TMPDIR");
    if (strchr(prefix, '/') != NULL)
        prefix = tilth_host_resolve(L, 1);
    if (parent == NULL || parent[0] != '/')
        parent = "/tmp";
    const char *pattern = strchr(prefix, '/') != NULL
                              ? lua_pushfstring(L, "%sXXXXXX", prefix)
                              : lua_pushfstring(L, "%s/%sXXXXXX", parent, prefix);
    size_t size = strlen(pattern) + 1;
    char *path = lua_newuserdatauv(L, size, 0);
    memcpy(path, pattern, size);
    if (mkdtemp(path) == NULL)
        return tilth_fail_errno(L, pattern, errno);
    lua_pushstring(L, path);
    return 1;
}
