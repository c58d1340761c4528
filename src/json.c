/* tilth.core.json: JSON text to Lua values and back, 64-bit integers kept. */
#include "json.h"
#include "core.h"
#include "result.h"

#include <lauxlib.h>
#include <string.h>

static const char *const BOX_TYPE = "tilth.json.box";
static const char *const ARRAY_TYPE = "tilth.json.array";

static int box_close(lua_State *L)
{
    json_t **box = lua_touserdata(L, 1);
    json_decref(*box);
    *box = NULL;
    return 0;
}

json_t **tilth_json_box(lua_State *L)
{
    static const luaL_Reg metamethods[] = {
        {"__gc", box_close}, {"__close", box_close}, {NULL, NULL}};
    json_t **box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = NULL;
    if (luaL_newmetatable(L, BOX_TYPE))
        luaL_setfuncs(L, metamethods, 0);
    lua_setmetatable(L, -2);
    return box;
}

void tilth_json_push_array_mark(lua_State *L)
{
    luaL_newmetatable(L, ARRAY_TYPE);
}

static void push_array(lua_State *L, const json_t *array)
{
    size_t count = json_array_size(array);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        tilth_json_push(L, json_array_get(array, i));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    tilth_json_push_array_mark(L);
    lua_setmetatable(L, -2);
}

static void push_object(lua_State *L, const json_t *object)
{
    json_t *members = (json_t *)object; /* jansson's iterators take no const */
    lua_createtable(L, 0, (int)json_object_size(object));
    for (void *i = json_object_iter(members); i != NULL;
         i = json_object_iter_next(members, i)) {
        lua_pushstring(L, json_object_iter_key(i));
        tilth_json_push(L, json_object_iter_value(i));
        lua_rawset(L, -3);
    }
}

void tilth_json_push(lua_State *L, const json_t *value)
{
    luaL_checkstack(L, 4, "JSON nested too deeply");
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        push_object(L, value);
        break;
    case JSON_ARRAY:
        push_array(L, value);
        break;
    case JSON_STRING:
        lua_pushlstring(L, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        lua_pushinteger(L, (lua_Integer)json_integer_value(value));
        break;
    case JSON_REAL:
        lua_pushnumber(L, json_real_value(value));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        lua_pushboolean(L, json_is_true(value));
        break;
    case JSON_NULL:
        lua_pushlightuserdata(L, NULL);
        break;
    }
}

/* jansson's reason in words of ours where its own would puzzle. */
static const char *reason_of(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a zero character (\\u0000), which PostgreSQL cannot hold either";
    case json_error_premature_end_of_input:
        return "the text ends too early";
    case json_error_stack_overflow:
        return "nested too deeply (more than 2048 levels)";
    case json_error_numeric_overflow:
        return "a number that does not fit into 64 bits";
    default:
        return error->text;
    }
}

static int fail_decode(lua_State *L, const json_error_t *error, size_t skipped)
{
    int column = error->column > 0 ? error->column : 1;
    tilth_fail(L, "json", "line %d, column %d: %s", error->line, column,
               reason_of(error));
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, error->line);
    lua_setfield(L, -2, "line");
    lua_pushinteger(L, column);
    lua_setfield(L, -2, "column_number");
    lua_pushinteger(L, (lua_Integer)(error->position > 0 ? error->position : 1) +
                           (lua_Integer)skipped);
    lua_setfield(L, -2, "position");
    return 4;
}

/* value | nil, message, "json", detail = json.decode(text): detail has line,
 * column_number and position */
static int json_decode(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    /* Editors on Windows begin a file with a byte order mark; npm and Prisma skip it too.
     */
    size_t skipped = length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    json_error_t error;
    json_t **box = tilth_json_box(L);
    lua_toclose(L, -1);
    *box = json_loadb(text + skipped, length - skipped, JSON_DECODE_ANY, &error);
    if (*box == NULL)
        return fail_decode(L, &error, skipped);
    tilth_json_push(L, *box);
    return 1;
}

/* table = json.array([table]): marks a table as a list, so that an empty one becomes
 * [] */
static int json_mark_array(lua_State *L)
{
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    tilth_json_push_array_mark(L);
    lua_setmetatable(L, 1);
    return 1;
}

/* boolean = json.is_array(value): is it a table that is marked as a list? */
static int json_is_array_marked(lua_State *L)
{
    luaL_checkany(L, 1);
    bool marked = false;
    if (lua_istable(L, 1) && lua_getmetatable(L, 1)) {
        tilth_json_push_array_mark(L);
        marked = lua_rawequal(L, -1, -2);
    }
    lua_pushboolean(L, marked);
    return 1;
}

int luaopen_tilth_core_json(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"decode", json_decode},
        {"encode", tilth_json_encode},
        {"array", json_mark_array},
        {"is_array", json_is_array_marked},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    return 1;
}
