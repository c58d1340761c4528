/* The face of hash_folder.c in Lua: a job that runs on a thread, and what it found. */
#include "hash.h"
#include "hash_folder.h"
#include "offload.h"
#include "result.h"

#include <errno.h>
#include <lauxlib.h>

static const char *const JOB = "tilth.hash.folder";

struct job {
    struct tilth_job *running;
    struct tilth_folder *folder; /* the thread's while it runs */
};

/* job:close(): forgets what was found, or what the thread is about to find. Twice is
 * allowed. */
static int job_close(lua_State *L)
{
    struct job *job = luaL_checkudata(L, 1, JOB);
    if (job->running != NULL)
        tilth_job_abandon(job->running);
    else if (job->folder != NULL)
        tilth_folder_dispose(job->folder);
    *job = (struct job){NULL, NULL};
    return 0;
}

static void push_others(lua_State *L, const struct tilth_folder *folder)
{
    lua_Integer others = 0;
    lua_newtable(L);
    for (size_t i = 0; i < folder->count; i++) {
        if (folder->entries[i].folder)
            continue;
        lua_pushstring(L, folder->entries[i].name);
        lua_rawseti(L, -2, ++others);
    }
}

/* found | nil, message, "failed" = job:wait(): what was found, as hash.folder says; once
 */
static int job_wait(lua_State *L)
{
    struct job *job = luaL_checkudata(L, 1, JOB);
    luaL_argcheck(L, job->running != NULL, 1, "waited for already");
    struct tilth_job *running = job->running;
    struct tilth_folder *folder = job->folder;
    *job = (struct job){NULL, NULL};
    if (tilth_job_wait(L, running, TILTH_FOREVER) != TILTH_READY)
        return tilth_raise_interrupt(L);
    job->folder = folder;
    if (!folder->complete)
        return tilth_fail(L, "failed", "%s could not be read at one go", folder->path);
    lua_createtable(L, 0, 4);
    push_others(L, folder);
    lua_setfield(L, -2, "others");
    lua_pushinteger(L, (lua_Integer)folder->folders);
    lua_setfield(L, -2, "count");
    lua_pushstring(L, folder->listing);
    lua_setfield(L, -2, "listing");
    lua_pushboolean(L, folder->stamped);
    lua_setfield(L, -2, "stamped");
    return 1;
}

/* names, digests, sizes, plain = job:folders(): of the folders in byte order, after wait
 */
static int job_folders(lua_State *L)
{
    struct job *job = luaL_checkudata(L, 1, JOB);
    const struct tilth_folder *folder = job->folder;
    luaL_argcheck(L, job->running == NULL && folder != NULL, 1, "not waited for");
    for (int i = 0; i < 4; i++)
        lua_createtable(L, (int)folder->folders, 0);
    lua_Integer at = 0;
    for (size_t i = 0; i < folder->count; i++) {
        const struct tilth_folder_entry *entry = &folder->entries[i];
        if (!entry->folder)
            continue;
        at++;
        lua_pushstring(L, entry->name);
        lua_rawseti(L, -5, at);
        if (entry->read)
            tilth_hash_push_hex(L, entry->file.digest, sizeof entry->file.digest);
        else
            lua_pushboolean(L, 0);
        lua_rawseti(L, -4, at);
        lua_pushinteger(L, entry->file.size);
        lua_rawseti(L, -3, at);
        lua_pushboolean(L, entry->read && entry->file.plain);
        lua_rawseti(L, -2, at);
    }
    return 4;
}

static struct job *push_job(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"wait", job_wait}, {"folders", job_folders}, {"close", job_close}, {NULL, NULL}};
    struct job *job = lua_newuserdatauv(L, sizeof *job, 0);
    *job = (struct job){NULL, NULL};
    if (luaL_newmetatable(L, JOB)) {
        luaL_newlib(L, methods);
        lua_setfield(L, -2, "__index");
        lua_pushcfunction(L, job_close);
        lua_setfield(L, -2, "__close");
        lua_pushcfunction(L, job_close);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return job;
}

/* job | nil, message, errno = hash.folder(path, tail): begins to list a folder and to
 * hash the file NAME/tail of each folder in it. job:wait() gives a table: count (of
 * folders), others (names of all that is not a folder), listing (DIGEST/NAME/ of all
 * folders in one text, in byte order; nil where a file can't be read), stamped (whether
 * their names begin with ascending stamps of 14 digits). Then job:folders() gives four
 * lists: names, digests (false where the file can't be read), sizes, and whether all
 * bytes are 1 to 127 */
int tilth_hash_folder(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    const char *tail = luaL_checkstring(L, 2);
    struct job *job = push_job(L);
    job->folder = tilth_folder_new(path, tail);
    if (job->folder == NULL)
        return luaL_error(L, "not enough memory");
    job->running = tilth_job_start(tilth_folder_read, tilth_folder_dispose, job->folder);
    if (job->running == NULL)
        return tilth_fail_errno(L, "cannot start a thread", errno);
    return 1;
}
