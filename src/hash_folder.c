/* Hashes one file of every folder in a folder, on a thread: the migrations are read while
 * the server is waited for. */
#include "hash.h"
#include "offload.h"
#include "result.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const HANDLE = "tilth.hash.folder";

struct entry {
    char *name;
    bool folder; /* of a real folder, not of a link to one */
    bool read;
    struct tilth_hash_file file;
};

struct folder {
    char *path, *tail;
    struct entry *entries;
    size_t count, room;
    bool complete; /* false: something here needs the slow, explaining way */
};

static void dispose(void *data)
{
    struct folder *folder = data;
    for (size_t i = 0; i < folder->count; i++)
        free(folder->entries[i].name);
    free(folder->entries);
    free(folder->path);
    free(folder->tail);
    free(folder);
}

static bool add(struct folder *folder, const struct dirent *found)
{
    if (folder->count == folder->room) {
        size_t room = folder->room * 2 + 64;
        struct entry *entries = realloc(folder->entries, room * sizeof *entries);
        if (entries == NULL)
            return false;
        folder->entries = entries;
        folder->room = room;
    }
    struct entry *entry = &folder->entries[folder->count];
    *entry =
        (struct entry){.name = strdup(found->d_name), .folder = found->d_type == DT_DIR};
    if (entry->name == NULL)
        return false;
    folder->count++;
    return found->d_type !=
           DT_UNKNOWN; /* some file systems do not say: stat is needed then */
}

static bool list(struct folder *folder, DIR *directory)
{
    for (;;) {
        errno = 0;
        const struct dirent *found = readdir(directory);
        if (found == NULL)
            return errno == 0;
        if (strcmp(found->d_name, ".") != 0 && strcmp(found->d_name, "..") != 0 &&
            !add(folder, found))
            return false;
    }
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static void work(void *data)
{
    struct folder *folder = data;
    DIR *directory = opendir(folder->path);
    if (directory == NULL)
        return;
    if (list(folder, directory)) {
        qsort(folder->entries, folder->count, sizeof *folder->entries, compare);
        folder->complete = true;
        for (size_t i = 0; i < folder->count; i++) {
            struct entry *entry = &folder->entries[i];
            char path[2 * NAME_MAX + 2];
            int length = snprintf(path, sizeof path, "%s/%s", entry->name, folder->tail);
            entry->read = entry->folder && length < (int)sizeof path &&
                          tilth_hash_file(dirfd(directory), path, &entry->file);
        }
    }
    closedir(directory);
}

/* job:close(): waits for the thread and forgets what it found. Twice is allowed. */
static int close_handle(lua_State *L)
{
    struct tilth_job **job = lua_touserdata(L, 1);
    if (*job != NULL)
        tilth_job_abandon(*job);
    *job = NULL;
    return 0;
}

/* A box that frees the folder's data, on the stack and to be closed. */
static int close_data(lua_State *L)
{
    struct folder **box = lua_touserdata(L, 1);
    if (*box != NULL)
        dispose(*box);
    *box = NULL;
    return 0;
}

static struct folder **push_data(lua_State *L)
{
    struct folder **box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = NULL;
    if (luaL_newmetatable(L, "tilth.hash.folder.data")) {
        lua_pushcfunction(L, close_data);
        lua_setfield(L, -2, "__close");
        lua_pushcfunction(L, close_data);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    lua_toclose(L, -1);
    return box;
}

/* Pushes names, digests, sizes, plain, others. */
static int push_lists(lua_State *L, const struct folder *folder)
{
    int first = lua_gettop(L) + 1;
    for (int i = 0; i < 5; i++)
        lua_createtable(L, i < 4 ? (int)folder->count : 0, 0);
    lua_Integer folders = 0, others = 0;
    for (size_t i = 0; i < folder->count; i++) {
        const struct entry *entry = &folder->entries[i];
        lua_pushstring(L, entry->name);
        if (!entry->folder) {
            lua_rawseti(L, first + 4, ++others);
            continue;
        }
        lua_rawseti(L, first, ++folders);
        if (entry->read)
            tilth_hash_push_hex(L, entry->file.digest, sizeof entry->file.digest);
        else
            lua_pushboolean(L, 0);
        lua_rawseti(L, first + 1, folders);
        lua_pushinteger(L, entry->file.size);
        lua_rawseti(L, first + 2, folders);
        lua_pushboolean(L, entry->read && entry->file.plain);
        lua_rawseti(L, first + 3, folders);
    }
    return 5;
}

/* names, digests, sizes, plain, others | nil, message, "failed" = job:wait(): what was
 * found, as hash.folder says; once */
static int job_wait(lua_State *L)
{
    struct tilth_job **job = luaL_checkudata(L, 1, HANDLE);
    luaL_argcheck(L, *job != NULL, 1, "waited for already");
    struct folder **box = push_data(L);
    lua_getiuservalue(L, 1, 1);
    struct folder *folder = lua_touserdata(L, -1);
    struct tilth_job *running = *job;
    *job = NULL;
    enum tilth_wait outcome = tilth_job_wait(L, running, TILTH_FOREVER);
    if (outcome != TILTH_READY)
        return tilth_raise_interrupt(L);
    *box = folder;
    if (!folder->complete)
        return tilth_fail(L, "failed", "%s could not be read at one go", folder->path);
    return push_lists(L, folder);
}

/* job | nil, message, errno = hash.folder(path, tail): begins to list a folder and to
 * hash the file NAME/tail of each folder in it. job:wait() gives the names of the folders
 * in byte order, the digests (false where the file can't be read), the sizes, whether all
 * bytes are 1 to 127, and the names of all that is not a folder. */
int tilth_hash_folder(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    const char *tail = luaL_checkstring(L, 2);
    struct folder **box = push_data(L);
    struct folder *folder = *box = calloc(1, sizeof *folder);
    if (folder != NULL) {
        folder->path = strdup(path);
        folder->tail = strdup(tail);
    }
    if (folder == NULL || folder->path == NULL || folder->tail == NULL)
        return luaL_error(L, "not enough memory");
    struct tilth_job **job = lua_newuserdatauv(L, sizeof *job, 1);
    *job = NULL;
    if (luaL_newmetatable(L, HANDLE)) {
        static const luaL_Reg methods[] = {
            {"wait", job_wait}, {"close", close_handle}, {NULL, NULL}};
        luaL_newlib(L, methods);
        lua_setfield(L, -2, "__index");
        lua_pushcfunction(L, close_handle);
        lua_setfield(L, -2, "__close");
        lua_pushcfunction(L, close_handle);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    lua_pushlightuserdata(L, folder);
    lua_setiuservalue(L, -2, 1);
    *job = tilth_job_start(work, dispose, folder);
    if (*job == NULL)
        return tilth_fail_errno(L, "cannot start a thread", errno);
    *box = NULL; /* the job's now */
    return 1;
}
