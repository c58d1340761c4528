/* The line editor on a terminal, by libedit where it is there. */
#include "edit.h"
#include "interrupt.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_LIBEDIT

#include <histedit.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <wchar.h>

#define HISTORY_SIZE 2000

struct tilth_line_editor {
    lua_State *L; /* of the read that is under way */
    EditLine *el;
    History *history;
    locale_t locale;
    int complete; /* reference to the function of completion */
    const char *prompt;
    bool interrupted;
    size_t characters; /* of a character that comes in pieces */
    char piece[MB_LEN_MAX];
};

static struct tilth_line_editor *editor_of(EditLine *el)
{
    struct tilth_line_editor *editor = NULL;
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
    struct tilth_line_editor *editor = editor_of(el);
    while (!editor->interrupted) {
        char *piece = editor->piece;
        ssize_t got = tilth_edit_input(editor->L, piece + editor->characters, 1);
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
    struct tilth_line_editor *editor = editor_of(el);
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

static void start(lua_State *L, struct tilth_line_editor *editor)
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

void tilth_edit_start(lua_State *L, struct tilth_line_editor **place)
{
    luaL_checktype(L, -1, LUA_TFUNCTION);
    struct tilth_line_editor *editor = calloc(1, sizeof *editor);
    if (editor == NULL)
        luaL_error(L, "not enough memory");
    *place = editor;
    editor->complete = luaL_ref(L, LUA_REGISTRYINDEX);
    start(L, editor);
}

void tilth_edit_stop(lua_State *L, struct tilth_line_editor *editor)
{
    if (editor == NULL)
        return;
    if (editor->el != NULL)
        el_end(editor->el);
    if (editor->history != NULL)
        history_end(editor->history);
    if (editor->locale != (locale_t)0)
        freelocale(editor->locale);
    luaL_unref(L, LUA_REGISTRYINDEX, editor->complete);
    free(editor);
}

int tilth_edit_line(lua_State *L, struct tilth_line_editor *editor, const char *prompt)
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
        return tilth_edit_push_end(L);
    }
    size_t length = strlen(line);
    lua_pushlstring(L, line,
                    length > 0 && line[length - 1] == '\n' ? length - 1 : length);
    return 1;
}

void tilth_edit_remember(struct tilth_line_editor *editor, const char *line)
{
    HistEvent event;
    locale_t before = uselocale(editor->locale);
    history(editor->history, &event, H_ENTER, line);
    uselocale(before);
}

#else

/* Without libedit no editor is ever started: lines are read plainly. */
void tilth_edit_start(lua_State *L, struct tilth_line_editor **place)
{
    (void)place;
    lua_pop(L, 1);
}

void tilth_edit_stop(lua_State *L, struct tilth_line_editor *editor)
{
    (void)L;
    (void)editor;
}

int tilth_edit_line(lua_State *L, struct tilth_line_editor *editor, const char *prompt)
{
    (void)editor;
    (void)prompt;
    return tilth_edit_push_end(L);
}

void tilth_edit_remember(struct tilth_line_editor *editor, const char *line)
{
    (void)editor;
    (void)line;
}

#endif
