/* Standard streams of a call that prints nothing by itself: what is written goes to the
 * output callback, there is nothing to read. */
#include "host.h"
#include "instance.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>

struct stream {
    struct tilth *handle;
    int number;
};

static ssize_t write_stream(void *cookie, const char *text, size_t size)
{
    const struct stream *stream = cookie;
    struct tilth *handle = stream->handle;
    if (handle->output != NULL && size > 0)
        handle->output(handle->output_user, stream->number, text, size);
    return (ssize_t)size;
}

static ssize_t read_nothing(void *cookie, char *text, size_t size)
{
    (void)cookie;
    (void)text;
    (void)size;
    return 0;
}

static int close_stream(void *cookie)
{
    free(cookie);
    return 0;
}

FILE *tilth_instance_output(struct tilth *handle, int number)
{
    struct stream *stream = malloc(sizeof *stream);
    if (stream == NULL)
        return NULL;
    *stream = (struct stream){handle, number};
    cookie_io_functions_t functions = {
        .read = read_nothing, .write = write_stream, .close = close_stream};
    FILE *file = fopencookie(stream, number == 0 ? "r" : "w", functions);
    if (file == NULL)
        free(stream);
    else if (number == 1)
        setvbuf(file, NULL, _IOLBF, BUFSIZ);
    else if (number == 2)
        setvbuf(file, NULL, _IONBF, 0);
    return file;
}

/* As io.stdout of Lua's own: it can't be closed, and lives as long as the state. */
static int keep_open(lua_State *L)
{
    luaL_Stream *stream = luaL_checkudata(L, 1, LUA_FILEHANDLE);
    stream->closef = keep_open;
    luaL_pushfail(L);
    lua_pushliteral(L, "cannot close standard file");
    return 2;
}

static void set_stream(lua_State *L, FILE *file, const char *name, const char *current)
{
    luaL_Stream *stream = lua_newuserdatauv(L, sizeof *stream, 0);
    *stream = (luaL_Stream){file, keep_open};
    luaL_setmetatable(L, LUA_FILEHANDLE);
    if (current != NULL) {
        /* io.write and io.read use it from here on. */
        lua_getfield(L, -2, current);
        lua_pushvalue(L, -2);
        lua_call(L, 1, 0);
    }
    lua_setfield(L, -2, name);
}

/* What a child says, in the place of inheriting: chunk at 1. */
static int pass_on(lua_State *L)
{
    size_t size;
    const char *text = luaL_checklstring(L, 1, &size);
    FILE *file = lua_touserdata(L, lua_upvalueindex(1));
    fwrite(text, 1, size, file);
    fflush(file);
    return 0;
}

void tilth_instance_set_streams(lua_State *L, FILE *const streams[3])
{
    lua_getglobal(L, LUA_IOLIBNAME);
    set_stream(L, streams[0], "stdin", "input");
    set_stream(L, streams[1], "stdout", "output");
    set_stream(L, streams[2], "stderr", NULL);
    lua_pop(L, 1);
    lua_createtable(L, 0, 2);
    lua_pushlightuserdata(L, streams[1]);
    lua_pushcclosure(L, pass_on, 1);
    lua_setfield(L, -2, "stdout");
    lua_pushlightuserdata(L, streams[2]);
    lua_pushcclosure(L, pass_on, 1);
    lua_setfield(L, -2, "stderr");
    tilth_host_set_outputs(L);
}
