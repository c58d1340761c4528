/* What conn:copy_in is told of the columns of its rows. */
#include "pg_copy_rows.h"

#include <lauxlib.h>

static unsigned char passes_of(lua_State *L, const char *letters)
{
    unsigned char passes = 0;
    for (; *letters != '\0'; letters++) {
        switch (*letters) {
        case 's':
            passes |= STRINGS;
            break;
        case 'i':
            passes |= INTEGERS;
            break;
        case 'f':
            passes |= FLOATS;
            break;
        case 'b':
            passes |= BOOLEANS;
            break;
        default:
            luaL_error(L, "unknown letter in pass = \"%s\"", letters);
        }
    }
    return passes;
}

/* Reads column `i` (from 0) described by the table on top of the stack; leaves its key
 * there. */
static void read_described(lua_State *L, struct rows *rows, int i)
{
    struct column *column = &rows->columns[i];
    int spec = lua_gettop(L);
    if (lua_getfield(L, spec, "pass") == LUA_TSTRING)
        column->passes = passes_of(L, lua_tostring(L, -1));
    lua_getfield(L, spec, "needed");
    column->needed = lua_toboolean(L, -1);
    lua_getfield(L, spec, "bytes");
    column->bytes = lua_toboolean(L, -1);
    column->labels = lua_getfield(L, spec, "labels") == LUA_TTABLE;
    lua_rawseti(L, rows->labels, i + 1);
    column->converted = lua_getfield(L, spec, "convert") == LUA_TFUNCTION;
    lua_rawseti(L, rows->converters, i + 1);
    lua_settop(L, spec);
    if (lua_getfield(L, spec, "key") == LUA_TNIL && !column->converted)
        luaL_error(L, "column %d has neither a key nor a converter", i + 1);
    lua_remove(L, spec);
}

/* Reads column `i` (from 0) of the list: a key, or a table that says more. */
static void read_column(lua_State *L, struct rows *rows, int list, int i)
{
    struct column *column = &rows->columns[i];
    *column = (struct column){.passes = STRINGS | INTEGERS | FLOATS | BOOLEANS};
    if (lua_rawgeti(L, list, i + 1) == LUA_TTABLE)
        read_described(L, rows, i);
    rows->needed += column->needed;
    rows->order[i] = i;
    if (lua_isnil(L, -1)) {
        column->made = true;
        lua_pop(L, 1);
        return;
    }
    column->identity = lua_topointer(L, -1);
    lua_pushvalue(L, -1);
    lua_pushinteger(L, i);
    lua_rawset(L, rows->positions);
    lua_rawseti(L, rows->keys, i + 1);
}

static int push_table(lua_State *L, int count)
{
    lua_createtable(L, count, 0);
    return lua_gettop(L);
}

struct rows *tilth_copy_push_rows(lua_State *L, int list, int options)
{
    int count = (int)lua_rawlen(L, list);
    luaL_checkstack(L, 24, "columns");
    struct rows parts = {.count = count};
    parts.keys = push_table(L, count);
    parts.positions = push_table(L, 0);
    parts.converters = push_table(L, count);
    parts.labels = push_table(L, count);
    size_t size =
        sizeof(struct rows) +
        (size_t)count * (sizeof(struct column) + sizeof(struct cell) + sizeof(int));
    struct rows *rows = lua_newuserdatauv(L, size, 0);
    *rows = parts;
    rows->columns = (struct column *)(rows + 1);
    rows->cells = (struct cell *)(rows->columns + count);
    rows->order = (int *)(rows->cells + count);
    for (int i = 0; i < count; i++)
        read_column(L, rows, list, i);
    if (lua_istable(L, options)) {
        lua_getfield(L, options, "exact");
        rows->exact = lua_toboolean(L, -1);
        lua_pop(L, 1);
        lua_getfield(L, options, "fail");
    } else {
        lua_pushnil(L);
    }
    rows->fail = lua_gettop(L);
    return rows;
}
