/* fs.read, fs.write and fs.append: whole files. */
#include "argument.h"
#include "fs.h"
#include "result.h"
#include "wait.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PIECE 65536
#define MOST_NAMES_TRIED 100

/* Reads once, waiting where it must (pipes, terminals); the count, or -1 with errno set.
 */
static ssize_t read_some(lua_State *L, int descriptor, char *place, size_t size)
{
    for (;;) {
        ssize_t count = read(descriptor, place, size);
        if (count >= 0 || (errno != EAGAIN && errno != EINTR))
            return count;
        struct pollfd poll = {descriptor, POLLIN, 0};
        if (tilth_wait(L, &poll, 1, TILTH_FOREVER) == TILTH_INTERRUPTED)
            tilth_raise_interrupt(L);
    }
}

/* text | nil, message, errno = fs.read(path): a whole file */
int tilth_fs_read(lua_State *L)
{
    const char *path = tilth_check_path(L, 1);
    int *descriptor = tilth_fs_descriptor(L);
    lua_toclose(L, -1);
    /* Non-blocking, so that a pipe without a writer cannot hold the program. */
    *descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat found;
    if (*descriptor < 0 || fstat(*descriptor, &found) != 0)
        return tilth_fail_errno(L, path, errno);
    size_t size =
        S_ISREG(found.st_mode) && found.st_size > 0 && found.st_size < LONG_MAX / 2
            ? (size_t)found.st_size + 1
            : PIECE;
    luaL_Buffer buffer;
    luaL_buffinit(L, &buffer);
    for (;;) {
        char *place = luaL_prepbuffsize(&buffer, size);
        ssize_t count = read_some(L, *descriptor, place, size);
        if (count < 0)
            return tilth_fail_errno(L, path, errno);
        if (count == 0)
            break;
        luaL_addsize(&buffer, (size_t)count);
        /* The room that is left serves to see the end, so that the buffer need not grow.
         */
        size = (size_t)count < size ? size - (size_t)count : PIECE;
    }
    luaL_pushresult(&buffer);
    return 1;
}

static bool write_all(int descriptor, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t count = write(descriptor, text, length);
        if (count < 0 && errno != EINTR)
            return false;
        if (count > 0) {
            text += count;
            length -= (size_t)count;
        }
    }
    return true;
}

/* Makes what happened to the names in a folder durable. Some file systems cannot. */
static bool sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX] = ".";
    if (slash != NULL)
        snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path),
                 path);
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return errno == EACCES; /* a folder that may be written but not read */
    bool ok = fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP;
    int error = errno;
    close(descriptor);
    errno = error;
    return ok;
}

/* Opens a new file in the folder of `path`; its name is written to `name`. -1 with errno
 * set. */
static int open_beside(const char *path, char *name, size_t size, mode_t mode)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    unsigned long number = (unsigned long)now.tv_nsec;
    const char *slash = strrchr(path, '/');
    int folder = slash != NULL ? (int)(slash - path) + 1 : 0;
    for (int i = 0; i < MOST_NAMES_TRIED; i++) {
        int length = snprintf(name, size, "%.*s.tilth-%ld-%lx.tmp", folder, path,
                              (long)getpid(), number + i);
        if (length >= (int)size) {
            errno = ENAMETOOLONG;
            return -1;
        }
        int descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (descriptor >= 0 || errno != EEXIST)
            return descriptor;
    }
    return -1;
}

/* Replaces a file in one step: whoever reads sees the old text or the new one, also after
 * a crash. False with errno set; then the file is as it was. */
static bool replace(const char *path, const struct stat *old, int mode, const char *text,
                    size_t length)
{
    char name[PATH_MAX];
    int descriptor =
        open_beside(path, name, sizeof name, old == NULL && mode < 0 ? 0666 : 0600);
    if (descriptor < 0)
        return false;
    bool ok = write_all(descriptor, text, length);
    if (ok && old != NULL && fchown(descriptor, old->st_uid, old->st_gid) != 0)
        ok = errno == EPERM; /* only root can keep another owner */
    if (ok && (mode >= 0 || old != NULL))
        ok = fchmod(descriptor, mode >= 0 ? (mode_t)mode : old->st_mode & 07777) == 0;
    ok = ok && fsync(descriptor) == 0;
    int error = errno;
    if (close(descriptor) != 0 && ok) {
        ok = false;
        error = errno;
    }
    if (ok && rename(name, path) != 0) {
        ok = false;
        error = errno;
    }
    if (!ok)
        unlink(name);
    errno = error;
    return ok && sync_folder(path);
}

/* Devices and pipes are written to, not replaced. */
static bool write_through(const char *path, const char *text, size_t length)
{
    int descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0)
        return false;
    bool ok = write_all(descriptor, text, length);
    int error = errno;
    close(descriptor);
    errno = error;
    return ok;
}

/* true | nil, message, errno = fs.write(path, text [, mode]): atomic and durable. Without
 * a mode an existing file keeps its own; a link stays and its target is written. */
int tilth_fs_write(lua_State *L)
{
    const char *path = tilth_check_path(L, 1);
    size_t length;
    const char *text = luaL_checklstring(L, 2, &length);
    int mode = tilth_fs_check_mode(L, 3);
    char target[PATH_MAX];
    struct stat old;
    const char *final = path;
    bool exists = lstat(path, &old) == 0;
    if (exists && S_ISLNK(old.st_mode)) {
        if (realpath(path, target) == NULL || stat(target, &old) != 0)
            return tilth_fail_errno(L, path, errno);
        final = target;
    }
    bool ok;
    if (exists && S_ISDIR(old.st_mode)) {
        errno = EISDIR;
        ok = false;
    } else if (exists && !S_ISREG(old.st_mode)) {
        ok = write_through(final, text, length);
    } else {
        ok = replace(final, exists ? &old : NULL, mode, text, length);
    }
    return tilth_result(L, ok, path, errno);
}

/* true | nil, message, errno = fs.append(path, text [, mode]): makes the file when it
 * is absent */
int tilth_fs_append(lua_State *L)
{
    const char *path = tilth_check_path(L, 1);
    size_t length;
    const char *text = luaL_checklstring(L, 2, &length);
    int mode = tilth_fs_check_mode(L, 3);
    int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY;
    int descriptor = open(path, flags, mode >= 0 ? (mode_t)mode : 0666);
    if (descriptor < 0)
        return tilth_fail_errno(L, path, errno);
    bool ok = write_all(descriptor, text, length);
    int error = errno;
    if (close(descriptor) != 0 && ok) {
        ok = false;
        error = errno;
    }
    return tilth_result(L, ok, path, error);
}

/* true | nil, message, errno = fs.sync(path): what was written to a file, and its name,
 * outlast a crash */
int tilth_fs_sync(lua_State *L)
{
    const char *path = tilth_check_path(L, 1);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0)
        return tilth_fail_errno(L, path, errno);
    bool ok = fsync(descriptor) == 0;
    int error = errno;
    close(descriptor);
    if (ok) {
        ok = sync_folder(path);
        error = errno;
    }
    return tilth_result(L, ok, path, error);
}
