/* tilth.core.edit: reads lines, with an editor on a terminal (libedit) and plainly
 * elsewhere. Every wait is tilth_wait, so that Ctrl-C ends it. */
#include "core.h"
#include "edit.h"
#include "interrupt.h"
#include "wait.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EDITOR "tilth.edit"
#define CHUNK 4096

struct editor {
    bool closed;
    bool shows_prompt;
    char *data; /* plain reading: what was read and not yet given */
    size_t used, room;
    bool ended;
    struct tilth_line_editor *lines; /* NULL: lines are read plainly */
};

static struct editor *check_editor(lua_State *L)
{
    struct editor *editor = luaL_checkudata(L, 1, EDITOR);
    luaL_argcheck(L, !editor->closed, 1, "the editor is closed");
    return editor;
}

ssize_t tilth_edit_input(lua_State *L, char *bytes, size_t most)
{
    for (;;) {
        struct pollfd input = {STDIN_FILENO, POLLIN, 0};
        if (tilth_wait(L, &input, 1, TILTH_FOREVER) == TILTH_INTERRUPTED) {
            errno = EINTR;
            return -1;
        }
        ssize_t got = read(STDIN_FILENO, bytes, most);
        if (got >= 0 || (errno != EINTR && errno != EAGAIN))
            return got;
    }
}

int tilth_edit_push_end(lua_State *L)
{
    lua_pushnil(L);
    lua_pushliteral(L, "the input has ended");
    lua_pushliteral(L, "end");
    return 3;
}

static void make_room(lua_State *L, struct editor *editor)
{
    if (editor->room - editor->used >= CHUNK)
        return;
    size_t room = editor->room * 2 + CHUNK;
    char *data = realloc(editor->data, room);
    if (data == NULL)
        luaL_error(L, "not enough memory");
    editor->data = data;
    editor->room = room;
}

/* Pushes the first `length` bytes of the buffer and drops them, with the line's end. */
static int give_line(lua_State *L, struct editor *editor, size_t length, size_t drop)
{
    size_t text =
        length > 0 && editor->data[length - 1] == '\r' && drop > 0 ? length - 1 : length;
    lua_pushlstring(L, editor->data != NULL ? editor->data : "", text);
    editor->used -= length + drop;
    if (editor->used > 0)
        memmove(editor->data, editor->data + length + drop, editor->used);
    return 1;
}

static int read_plainly(lua_State *L, struct editor *editor, const char *prompt)
{
    if (editor->shows_prompt) {
        fputs(prompt, stdout);
        fflush(stdout);
    }
    for (;;) {
        const char *end =
            editor->used > 0 ? memchr(editor->data, '\n', editor->used) : NULL;
        if (end != NULL)
            return give_line(L, editor, (size_t)(end - editor->data), 1);
        if (editor->ended && editor->used > 0)
            return give_line(L, editor, editor->used, 0);
        if (editor->ended)
            return tilth_edit_push_end(L);
        make_room(L, editor);
        ssize_t got = tilth_edit_input(L, editor->data + editor->used, CHUNK);
        if (got < 0 && errno == EINTR) {
            editor->used = 0;
            if (editor->shows_prompt)
                fputc('\n', stdout);
            tilth_raise_interrupt(L);
        }
        if (got < 0)
            return luaL_error(L, "standard input cannot be read: %s", strerror(errno));
        editor->used += (size_t)got;
        /* On a terminal Ctrl-D ends one line, not the input for good. */
        editor->ended = got == 0;
        if (got == 0 && editor->shows_prompt && editor->used == 0) {
            editor->ended = false;
            return tilth_edit_push_end(L);
        }
    }
}

/* line | nil, message, "end" = editor:read(prompt): the next line, without its end */
static int edit_read(lua_State *L)
{
    struct editor *editor = check_editor(L);
    const char *prompt = luaL_optstring(L, 2, "");
    fflush(stdout);
    if (editor->lines != NULL)
        return tilth_edit_line(L, editor->lines, prompt);
    return read_plainly(L, editor, prompt);
}

/* editor:add(line): adds a line to what the arrow keys bring back */
static int edit_add(lua_State *L)
{
    struct editor *editor = check_editor(L);
    const char *line = luaL_checkstring(L, 2);
    if (editor->lines != NULL)
        tilth_edit_remember(editor->lines, line);
    return 0;
}

/* boolean = editor:edits(): does it edit lines, or read them plainly? */
static int edit_edits(lua_State *L)
{
    struct editor *editor = check_editor(L);
    lua_pushboolean(L, editor->lines != NULL);
    return 1;
}

/* editor:close(): gives the terminal back as it was. Twice is allowed. */
static int edit_close(lua_State *L)
{
    struct editor *editor = luaL_checkudata(L, 1, EDITOR);
    editor->closed = true;
    free(editor->data);
    editor->data = NULL;
    editor->used = editor->room = 0;
    tilth_edit_stop(L, editor->lines);
    editor->lines = NULL;
    return 0;
}

/* editor = edit.open(options): options are edit (standard input and output are a
 * terminal that can do more than print), prompt (without an editor, show the prompt
 * all the same) and complete, a function(line, cursor) that gives text | nil, listing
 * | nil, replaced | nil */
static int edit_open(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    struct editor *editor = lua_newuserdatauv(L, sizeof *editor, 0);
    memset(editor, 0, sizeof *editor);
    luaL_setmetatable(L, EDITOR);
    lua_getfield(L, 1, "prompt");
    editor->shows_prompt = lua_toboolean(L, -1);
    lua_getfield(L, 1, "edit");
    bool edits = lua_toboolean(L, -1);
    lua_pop(L, 2);
    if (edits) {
        lua_getfield(L, 1, "complete");
        luaL_checktype(L, -1, LUA_TFUNCTION);
        tilth_edit_start(L, &editor->lines);
    }
    return 1;
}

int luaopen_tilth_core_edit(lua_State *L)
{
    static const luaL_Reg functions[] = {{"open", edit_open}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{"add", edit_add},
                                       {"close", edit_close},
                                       {"edits", edit_edits},
                                       {"read", edit_read},
                                       {NULL, NULL}};
    static const luaL_Reg meta[] = {
        {"__close", edit_close}, {"__gc", edit_close}, {NULL, NULL}};
    luaL_newmetatable(L, EDITOR);
    luaL_setfuncs(L, meta, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
