/* What the Lua side of a call tells its handle: the outcome, the log, the progress. */
#include "instance.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

static struct tilth *handle_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* An allocated copy of a string, raised when there is no memory for it. */
static char *copy(lua_State *L, const char *text, size_t length)
{
    char *made = malloc(length + 1);
    if (made == NULL)
        luaL_error(L, "not enough memory");
    memcpy(made, text, length);
    made[length] = '\0';
    return made;
}

static char *copy_value(lua_State *L, int index)
{
    size_t length;
    const char *text = luaL_checklstring(L, index, &length);
    return copy(L, text, length);
}

/* host.document(text): the JSON document */
static int host_document(lua_State *L)
{
    struct tilth_outcome *outcome = &handle_of(L)->outcome;
    char *report = copy_value(L, 1);
    free(outcome->report);
    outcome->report = report;
    return 0;
}

static char *copy_field(lua_State *L, const char *name)
{
    char *text = NULL;
    if (lua_getfield(L, 1, name) != LUA_TNIL) {
        luaL_tolstring(L, -1, NULL);
        text = copy_value(L, lua_gettop(L));
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return text;
}

static int integer_field(lua_State *L, const char *name)
{
    lua_getfield(L, 1, name);
    int value = (int)lua_tointeger(L, -1);
    lua_pop(L, 1);
    return value;
}

/* host.failed(error): { message, code, advice, sqlstate, detail, hint, file, line, column
 * } */
static int host_failed(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    struct tilth_outcome *outcome = &handle_of(L)->outcome;
    char *report = outcome->report;
    outcome->report = NULL;
    tilth_outcome_clear(outcome);
    outcome->report = report;
    outcome->failed = true;
    struct tilth_error *error = &outcome->error;
    error->code = copy_field(L, "code");
    error->message = copy_field(L, "message");
    error->advice = copy_field(L, "advice");
    error->sqlstate = copy_field(L, "sqlstate");
    error->detail = copy_field(L, "detail");
    error->hint = copy_field(L, "hint");
    error->file = copy_field(L, "file");
    error->line = integer_field(L, "line");
    error->column = integer_field(L, "column");
    return 0;
}

/* host.values(count, list): texts, nil where there is none */
static int host_values(lua_State *L)
{
    struct tilth_outcome *outcome = &handle_of(L)->outcome;
    int count = (int)luaL_checkinteger(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    luaL_argcheck(L, count >= 0 && outcome->values == NULL, 1, "values are set already");
    outcome->values = calloc((size_t)count + 1, sizeof *outcome->values);
    outcome->sizes = calloc((size_t)count + 1, sizeof *outcome->sizes);
    if (outcome->values == NULL || outcome->sizes == NULL)
        return luaL_error(L, "not enough memory");
    outcome->value_count = count;
    for (int i = 0; i < count; i++) {
        if (lua_rawgeti(L, 2, i + 1) != LUA_TNIL) {
            outcome->sizes[i] = lua_rawlen(L, -1);
            outcome->values[i] = copy_value(L, lua_gettop(L));
        }
        lua_pop(L, 1);
    }
    return 0;
}

/* host.said(level, text) */
static int host_said(lua_State *L)
{
    static const char *const levels[] = {"status",  "info",  "done", "note",
                                         "warning", "error", NULL};
    struct tilth *handle = handle_of(L);
    int level = luaL_checkoption(L, 1, NULL, levels);
    const char *text = luaL_checkstring(L, 2);
    if (handle->log != NULL)
        handle->log(handle->log_user, (enum tilth_level)level, text);
    return 0;
}

/* host.progress(label, done, total | nil) */
static int host_progress(lua_State *L)
{
    struct tilth *handle = handle_of(L);
    struct tilth_progress progress = {
        .size = sizeof progress,
        .label = luaL_checkstring(L, 1),
        .done = (long long)luaL_checknumber(L, 2),
        .total = (long long)luaL_optnumber(L, 3, -1),
    };
    if (handle->progress != NULL &&
        handle->progress(handle->progress_user, &progress) != 0)
        tilth_cancel(handle, 0);
    return 0;
}

void tilth_instance_push_host(lua_State *L, struct tilth *handle)
{
    static const luaL_Reg functions[] = {
        {"document", host_document}, {"failed", host_failed}, {"progress", host_progress},
        {"said", host_said},         {"values", host_values}, {NULL, NULL},
    };
    luaL_newlibtable(L, functions);
    lua_pushlightuserdata(L, handle);
    luaL_setfuncs(L, functions, 1);
    /* What nobody listens to need not be said. */
    lua_pushnil(L);
    if (handle->log == NULL) {
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, "said");
    }
    if (handle->progress == NULL) {
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, "progress");
    }
    lua_pop(L, 1);
}
