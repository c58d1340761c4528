/* tilth.core.edit: reads lines, with an editor on a terminal (libedit) and plainly
 * elsewhere. Every wait is tilth_wait, so that Ctrl-C ends it. */
#include "core.h"
#include "wait.h"

#include <errno.h>
#include <lauxlib.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef HAVE_LIBEDIT
#include <histedit.h>
#include <langinfo.h>
#include <locale.h>
#include <wchar.h>
#endif

#define EDITOR "tilth.edit"
#define CHUNK 4096
#define HISTORY_SIZE 2000

struct editor {
    lua_State *L; /* of the read that is under way */
    bool closed;
    bool shows_prompt;
    char *data; /* plain reading: what was read and not yet given */
    size_t used, room;
    bool ended;
#ifdef HAVE_LIBEDIT
    EditLine *el;
    History *history;
    locale_t locale;
    int complete; /* reference to the function of completion */
    const char *prompt;
    bool interrupted;
    size_t characters; /* of a character that comes in pieces */
    char piece[MB_LEN_MAX];
#endif
};

static struct editor *check_editor(lua_State *L)
{
    struct editor *editor = luaL_checkudata(L, 1, EDITOR);
    luaL_argcheck(L, !editor->closed, 1, "the editor is closed");
    return editor;
}

/* The next bytes of standard input. -1 with errno EINTR: interrupted, 0: the end. */
static ssize_t read_input(lua_State *L, char *bytes, size_t most)
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

static int push_end(lua_State *L)
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
            return push_end(L);
        make_room(L, editor);
        ssize_t got = read_input(L, editor->data + editor->used, CHUNK);
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
            return push_end(L);
        }
    }
}

#ifdef HAVE_LIBEDIT

static struct editor *editor_of(EditLine *el)
{
    struct editor *editor = NULL;
    el_get(el, EL_CLIENTDATA, &editor);
    return editor;
}

static char *prompt_of(EditLine *el)
{
    return (char *)editor_of(el)->prompt;
}

/* libedit's way to a character: 1, 0 at the end, -1 when interrupted. Raises nothing,
 * since libedit's frames lie between here and Lua. */
static int read_character(EditLine *el, wchar_t *character)
{
    struct editor *editor = editor_of(el);
    while (!editor->interrupted) {
        char *piece = editor->piece;
        ssize_t got = read_input(editor->L, piece + editor->characters, 1);
        if (got <= 0) {
            editor->interrupted = got < 0 && errno == EINTR;
            return got < 0 ? -1 : 0;
        }
        mbstate_t state = {0};
        size_t length = mbrtowc(character, piece, editor->characters + 1, &state);
        if (length == (size_t)-2 && editor->characters + 1 < MB_LEN_MAX) {
            editor->characters++;
            continue;
        }
        editor->characters = 0;
        if (length == (size_t)-1 || length == (size_t)-2)
            continue; /* bytes that are no character are not typed */
        return 1;
    }
    errno = EINTR;
    return -1;
}

/* Tab: asks complete(line, cursor) -> text to insert | nil, listing | nil, characters
 * that the text replaces | nil. */
static unsigned char complete(EditLine *el, int key)
{
    (void)key;
    struct editor *editor = editor_of(el);
    lua_State *L = editor->L;
    int top = lua_gettop(L);
    const LineInfo *line = el_line(el);
    if (!lua_checkstack(L, 6))
        return CC_ERROR;
    lua_rawgeti(L, LUA_REGISTRYINDEX, editor->complete);
    lua_pushlstring(L, line->buffer, (size_t)(line->lastchar - line->buffer));
    lua_pushinteger(L, line->cursor - line->buffer);
    if (lua_pcall(L, 2, 3, 0) != LUA_OK) {
        /* Names that can't be had now are no reason to lose the line. */
        editor->interrupted = tilth_interrupt_signal(L) != 0;
        lua_settop(L, top);
        return CC_ERROR;
    }
    unsigned char outcome = CC_ERROR;
    const char *text = lua_tostring(L, -3), *listing = lua_tostring(L, -2);
    if (text != NULL && lua_tointeger(L, -1) > 0)
        el_deletestr(el, (int)lua_tointeger(L, -1));
    if (text != NULL && text[0] != '\0' && el_insertstr(el, text) == 0)
        outcome = CC_REFRESH;
    if (listing != NULL) {
        printf("\n%s\n", listing);
        fflush(stdout);
        outcome = CC_REDISPLAY;
    }
    lua_settop(L, top);
    return outcome;
}

static void bind_keys(EditLine *el)
{
    el_set(el, EL_EDITOR, "emacs");
    /* The narrow form would copy the names and never free them. */
    el_wset(el, EL_ADDFN, L"tilth-complete", L"completes a name", complete);
    el_set(el, EL_BIND, "^I", "tilth-complete", NULL);
    el_set(el, EL_BIND, "^R", "em-inc-search-prev", NULL);
    el_set(el, EL_BIND, "\\e[3~", "ed-delete-next-char", NULL);
    el_set(el, EL_BIND, "\\e[1~", "ed-move-to-beg", NULL);
    el_set(el, EL_BIND, "\\e[4~", "ed-move-to-end", NULL);
    el_set(el, EL_BIND, "\\e[1;5C", "em-next-word", NULL);
    el_set(el, EL_BIND, "\\e[1;5D", "ed-prev-word", NULL);
}

/* The locale of the terminal's characters: the environment's, or UTF-8. */
static locale_t terminal_locale(void)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    if (locale != (locale_t)0 && strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0)
        return locale;
    locale_t other = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (other == (locale_t)0)
        return locale;
    if (locale != (locale_t)0)
        freelocale(locale);
    return other;
}

static void start_editing(lua_State *L, struct editor *editor)
{
    HistEvent event;
    editor->locale = terminal_locale();
    locale_t before = uselocale(editor->locale);
    editor->el = el_init("tilth", stdin, stdout, stderr);
    editor->history = history_init();
    if (editor->el != NULL && editor->history != NULL) {
        el_set(editor->el, EL_CLIENTDATA, editor);
        el_set(editor->el, EL_SIGNAL, 0); /* signals are the interruption's */
        el_set(editor->el, EL_PROMPT, prompt_of);
        el_set(editor->el, EL_GETCFN, read_character);
        history(editor->history, &event, H_SETSIZE, HISTORY_SIZE);
        history(editor->history, &event, H_SETUNIQUE, 1);
        el_set(editor->el, EL_HIST, history, editor->history);
        bind_keys(editor->el);
        el_source(editor->el, NULL);
    }
    uselocale(before);
    if (editor->el == NULL || editor->history == NULL)
        luaL_error(L, "the line editor cannot be started");
}

static void stop_editing(struct editor *editor)
{
    if (editor->el != NULL)
        el_end(editor->el);
    if (editor->history != NULL)
        history_end(editor->history);
    if (editor->locale != (locale_t)0)
        freelocale(editor->locale);
    editor->el = NULL;
    editor->history = NULL;
    editor->locale = (locale_t)0;
}

static int read_edited(lua_State *L, struct editor *editor, const char *prompt)
{
    int count = 0;
    editor->L = L;
    editor->prompt = prompt;
    editor->interrupted = false;
    editor->characters = 0;
    locale_t before = uselocale(editor->locale);
    el_resize(editor->el);
    const char *line = el_gets(editor->el, &count);
    uselocale(before);
    if (editor->interrupted) {
        el_reset(editor->el);
        fputs("^C\n", stdout);
        fflush(stdout);
        tilth_raise_interrupt(L);
    }
    if (line == NULL || count <= 0) {
        fputc('\n', stdout);
        return push_end(L);
    }
    size_t length = strlen(line);
    lua_pushlstring(L, line,
                    length > 0 && line[length - 1] == '\n' ? length - 1 : length);
    return 1;
}

static void remember(struct editor *editor, const char *line)
{
    HistEvent event;
    if (editor->history == NULL)
        return;
    locale_t before = uselocale(editor->locale);
    history(editor->history, &event, H_ENTER, line);
    uselocale(before);
}

#endif

/* line | nil, message, "end" = editor:read(prompt): the next line, without its end */
static int edit_read(lua_State *L)
{
    struct editor *editor = check_editor(L);
    const char *prompt = luaL_optstring(L, 2, "");
    fflush(stdout);
#ifdef HAVE_LIBEDIT
    if (editor->el != NULL)
        return read_edited(L, editor, prompt);
#endif
    return read_plainly(L, editor, prompt);
}

/* editor:add(line): adds a line to what the arrow keys bring back */
static int edit_add(lua_State *L)
{
    struct editor *editor = check_editor(L);
    const char *line = luaL_checkstring(L, 2);
#ifdef HAVE_LIBEDIT
    remember(editor, line);
#else
    (void)editor;
    (void)line;
#endif
    return 0;
}

/* boolean = editor:edits(): does it edit lines, or read them plainly? */
static int edit_edits(lua_State *L)
{
    struct editor *editor = check_editor(L);
#ifdef HAVE_LIBEDIT
    lua_pushboolean(L, editor->el != NULL);
#else
    lua_pushboolean(L, editor == NULL);
#endif
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
#ifdef HAVE_LIBEDIT
    stop_editing(editor);
    luaL_unref(L, LUA_REGISTRYINDEX, editor->complete);
    editor->complete = LUA_NOREF;
#endif
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
#ifdef HAVE_LIBEDIT
    editor->complete = LUA_NOREF;
#endif
    luaL_setmetatable(L, EDITOR);
    lua_getfield(L, 1, "prompt");
    editor->shows_prompt = lua_toboolean(L, -1);
    lua_getfield(L, 1, "edit");
    bool edits = lua_toboolean(L, -1);
    lua_pop(L, 2);
#ifdef HAVE_LIBEDIT
    if (edits) {
        lua_getfield(L, 1, "complete");
        luaL_checktype(L, -1, LUA_TFUNCTION);
        editor->complete = luaL_ref(L, LUA_REGISTRYINDEX);
        start_editing(L, editor);
    }
#else
    (void)edits;
#endif
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
