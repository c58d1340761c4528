/* Rows of Lua tables in COPY's text format: one walk over a row's entries, no garbage. */
#include "pg_copy_rows.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

/* Raises what is wrong with a value; the function `fail` may say it better. */
static void complain(lua_State *L, struct rows *rows, int column)
{
    const char *message = lua_tostring(L, -1);
    if (lua_isfunction(L, rows->fail)) {
        lua_pushvalue(L, rows->fail);
        lua_pushinteger(L, rows->number);
        lua_pushvalue(L, rows->row);
        lua_pushinteger(L, column + 1);
        lua_pushstring(L, message);
        lua_call(L, 4, 0);
    }
    luaL_error(L, "row %I, column %d %s", (LUAI_UACINT)rows->number, column + 1, message);
}

/* The column of the key at -2 of an entry, or -1. `position` is the entry's place in the
 * walk: rows made by the same code have the same order. */
static int column_of(lua_State *L, struct rows *rows, int position)
{
    bool predicted = position < rows->count;
    const void *identity = lua_topointer(L, -2);
    if (predicted && identity != NULL &&
        rows->columns[rows->order[position]].identity == identity)
        return rows->order[position];
    lua_pushvalue(L, -2);
    lua_rawget(L, rows->positions);
    int column = lua_isnil(L, -1) ? -1 : (int)lua_tointeger(L, -1);
    lua_pop(L, 1);
    if (predicted && column >= 0)
        rows->order[position] = column;
    return column;
}

/* A string: as it is, as bytes, or what the column's labels say. */
static void take_string(lua_State *L, struct rows *rows, int column, struct cell *cell)
{
    const struct column *spec = &rows->columns[column];
    cell->kind = spec->bytes ? BYTES : spec->passes & STRINGS ? TEXT : FOREIGN;
    if (cell->kind != FOREIGN) {
        cell->value.text = lua_tolstring(L, -1, &cell->length);
    } else if (spec->labels) {
        lua_rawgeti(L, rows->labels, column + 1);
        lua_pushvalue(L, -2);
        if (lua_rawget(L, -2) == LUA_TSTRING) {
            cell->kind = TEXT;
            cell->value.text = lua_tolstring(L, -1, &cell->length); /* the labels' own */
        }
        lua_pop(L, 2);
    }
}

/* Takes the value on top of the stack. */
static void take(lua_State *L, struct rows *rows, int column)
{
    struct cell *cell = &rows->cells[column];
    unsigned char passes = rows->columns[column].passes;
    cell->kind = FOREIGN;
    switch (lua_type(L, -1)) {
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(L, -1) == NULL)
            cell->kind = NOTHING;
        break;
    case LUA_TBOOLEAN:
        cell->value.boolean = lua_toboolean(L, -1);
        if (passes & BOOLEANS)
            cell->kind = BOOLEAN;
        break;
    case LUA_TNUMBER:
        if (lua_isinteger(L, -1)) {
            cell->value.integer = lua_tointeger(L, -1);
            if (passes & INTEGERS)
                cell->kind = INTEGER;
        } else {
            cell->value.number = lua_tonumber(L, -1);
            if (passes & FLOATS)
                cell->kind = FLOAT;
        }
        break;
    case LUA_TSTRING:
        take_string(L, rows, column, cell);
        break;
    }
}

/* Fills the cells from the row. false: it is not of the shape that the COPY has. */
static bool gather(lua_State *L, struct rows *rows)
{
    for (int i = 0; i < rows->count; i++)
        rows->cells[i].kind = MISSING;
    int needed = 0, position = 0;
    lua_pushnil(L);
    while (lua_next(L, rows->row) != 0) {
        int column = column_of(L, rows, position++);
        if (column >= 0) {
            take(L, rows, column);
            needed += rows->columns[column].needed;
        } else if (rows->exact) {
            lua_pop(L, 2);
            return false;
        }
        lua_pop(L, 1);
    }
    return needed == rows->needed;
}

static void put_checked_text(lua_State *L, struct tilth_copy *copy, struct rows *rows,
                             int column, const char *text, size_t length)
{
    if (memchr(text, '\0', length) != NULL) {
        lua_pushliteral(L, "holds a NUL byte, which PostgreSQL text cannot");
        complain(L, rows, column);
    }
    tilth_copy_put_text(L, copy, text, length);
}

/* Writes the value on top of the stack, which a converter has made. */
static void put_converted(lua_State *L, struct tilth_copy *copy, struct rows *rows,
                          int column)
{
    size_t length;
    const char *text;
    char number[40];
    switch (lua_type(L, -1)) {
    case LUA_TBOOLEAN:
        tilth_copy_put_char(L, copy, lua_toboolean(L, -1) ? 't' : 'f');
        return;
    case LUA_TNUMBER:
        if (lua_isinteger(L, -1)) {
            tilth_copy_put_integer(L, copy, lua_tointeger(L, -1));
        } else {
            length = (size_t)tilth_pg_write_number(number, lua_tonumber(L, -1));
            tilth_copy_put(L, copy, number, length);
        }
        return;
    case LUA_TSTRING:
        text = lua_tolstring(L, -1, &length);
        put_checked_text(L, copy, rows, column, text, length);
        return;
    default:
        lua_pushfstring(L, "is a %s: give it as text", luaL_typename(L, -1));
        complain(L, rows, column);
    }
}

/* Writes what the column's converter makes of the row's value, or of nothing. */
static void put_foreign(lua_State *L, struct tilth_copy *copy, struct rows *rows,
                        int column)
{
    int top = lua_gettop(L);
    bool made = rows->columns[column].made;
    lua_rawgeti(L, rows->converters, column + 1);
    if (!made) {
        lua_rawgeti(L, rows->keys, column + 1);
        lua_rawget(L, rows->row);
    }
    if (rows->columns[column].converted) {
        lua_call(L, made ? 0 : 1, 2);
        if (lua_isnil(L, -2))
            complain(L, rows, column);
        lua_pop(L, 1);
    }
    put_converted(L, copy, rows, column);
    lua_settop(L, top);
}

static void put_row(lua_State *L, struct tilth_copy *copy, struct rows *rows)
{
    for (int i = 0; i < rows->count; i++) {
        const struct cell *cell = &rows->cells[i];
        char number[40];
        if (i > 0)
            tilth_copy_put_char(L, copy, '\t');
        if (rows->columns[i].made) {
            put_foreign(L, copy, rows, i);
            continue;
        }
        switch (cell->kind) {
        case MISSING:
        case NOTHING:
            tilth_copy_put(L, copy, "\\N", 2);
            break;
        case BOOLEAN:
            tilth_copy_put_char(L, copy, cell->value.boolean ? 't' : 'f');
            break;
        case INTEGER:
            tilth_copy_put_integer(L, copy, cell->value.integer);
            break;
        case FLOAT:
            tilth_copy_put(L, copy, number,
                           (size_t)tilth_pg_write_number(number, cell->value.number));
            break;
        case TEXT:
            put_checked_text(L, copy, rows, i, cell->value.text, cell->length);
            break;
        case BYTES:
            tilth_copy_put_bytes(L, copy, cell->value.text, cell->length);
            break;
        case FOREIGN:
            put_foreign(L, copy, rows, i);
            break;
        }
    }
    tilth_copy_put_char(L, copy, '\n');
}

/* What `options` says of the rows: those that come first, and whom to tell how far it is.
 */
struct source {
    int index, first, tick;
    lua_Integer count, every;
};

static struct source push_source(lua_State *L, int index, int options)
{
    struct source source = {.index = index};
    lua_pushnil(L);
    source.first = lua_gettop(L);
    lua_pushnil(L);
    source.tick = lua_gettop(L);
    if (!lua_istable(L, options))
        return source;
    if (lua_getfield(L, options, "first") == LUA_TTABLE)
        source.count = (lua_Integer)lua_rawlen(L, -1);
    lua_replace(L, source.first);
    lua_getfield(L, options, "every");
    source.every = lua_tointeger(L, -1);
    lua_pop(L, 1);
    if (lua_getfield(L, options, "tick") != LUA_TFUNCTION)
        source.every = 0;
    lua_replace(L, source.tick);
    return source;
}

/* Pushes row `number`: of the rows that come first (which are forgotten then), of the
 * list, or what the function gives. false: there is none, and nil is pushed. */
static bool next_row(lua_State *L, const struct source *source, lua_Integer number)
{
    if (number <= source->count) {
        lua_rawgeti(L, source->first, number);
        lua_pushboolean(L, false);
        lua_rawseti(L, source->first, number);
    } else if (lua_isfunction(L, source->index)) {
        lua_pushvalue(L, source->index);
        lua_call(L, 0, 1);
    } else {
        lua_rawgeti(L, source->index, number - source->count);
    }
    if (lua_isnil(L, -1))
        return false;
    return true;
}

static void tell(lua_State *L, const struct source *source, lua_Integer number)
{
    if (source->every > 0 && number % source->every == 0) {
        lua_pushvalue(L, source->tick);
        lua_pushinteger(L, number);
        lua_call(L, 1, 0);
    }
}

static FILE *kept_file(lua_State *L, int options)
{
    if (!lua_istable(L, options))
        return NULL;
    luaL_Stream *stream = NULL;
    if (lua_getfield(L, options, "keep") != LUA_TNIL) {
        stream = luaL_testudata(L, -1, LUA_FILEHANDLE);
        if (stream == NULL || stream->closef == NULL)
            luaL_error(L, "keep must be an open file");
    }
    lua_pop(L, 1);
    return stream != NULL ? stream->f : NULL;
}

/* Says in `options` how it went: with the row on top of the stack that ended it, or nil.
 */
static void report(lua_State *L, int options, lua_Integer count, bool lost)
{
    if (!lua_istable(L, options))
        return;
    lua_setfield(L, options, "pending");
    lua_pushinteger(L, count);
    lua_setfield(L, options, "rows");
    lua_pushboolean(L, lost);
    lua_setfield(L, options, "lost");
}

bool tilth_copy_send_rows(lua_State *L, struct tilth_copy *copy, int source, int columns,
                          int options)
{
    struct source from = push_source(L, source, options);
    struct rows *rows = tilth_copy_push_rows(L, columns, options);
    bool keeps = (copy->keep = kept_file(L, options)) != NULL, sent = true;
    rows->row = lua_gettop(L) + 1;
    for (rows->number = 1; sent && next_row(L, &from, rows->number); rows->number++) {
        if (!lua_istable(L, rows->row)) {
            if (rows->exact)
                break;
            luaL_error(L, "row %I is a %s, not a table", (LUAI_UACINT)rows->number,
                       luaL_typename(L, rows->row));
        }
        if (!gather(L, rows) && rows->exact)
            break;
        put_row(L, copy, rows);
        lua_settop(L, rows->row - 1);
        tell(L, &from, rows->number);
        if (copy->used >= TILTH_COPY_CHUNK)
            sent = tilth_copy_flush(L, copy);
    }
    if (sent)
        sent = tilth_copy_flush(L, copy);
    lua_settop(L, rows->row);
    report(L, options, rows->number - 1, keeps && copy->keep == NULL);
    return sent;
}
