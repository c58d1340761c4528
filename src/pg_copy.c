/* COPY in both directions, streaming: memory stays flat whatever the number of rows. */
#include "pg.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 65536

/* Owns what a running COPY FROM STDIN needs; closing it while active aborts the COPY. */
struct copy {
    struct tilth_pg *pg;
    bool active;
    char *buffer;
    size_t used, size;
};

static const char *const COPY = "tilth.pg.copy";

static int close_copy(lua_State *L)
{
    struct copy *copy = lua_touserdata(L, 1);
    if (copy->active && copy->pg->connection != NULL) {
        PQputCopyEnd(copy->pg->connection, "the source of the rows failed");
        tilth_pg_stop(L, copy->pg);
    }
    copy->active = false;
    free(copy->buffer);
    copy->buffer = NULL;
    return 0;
}

static struct copy *push_copy(lua_State *L, struct tilth_pg *pg)
{
    struct copy *copy = lua_newuserdatauv(L, sizeof *copy, 0);
    *copy = (struct copy){.pg = pg};
    if (luaL_newmetatable(L, COPY)) {
        lua_pushcfunction(L, close_copy);
        lua_setfield(L, -2, "__gc");
        lua_pushcfunction(L, close_copy);
        lua_setfield(L, -2, "__close");
    }
    lua_setmetatable(L, -2);
    lua_toclose(L, -1);
    return copy;
}

static char *reserve(lua_State *L, struct copy *copy, size_t more)
{
    if (copy->used + more > copy->size) {
        size_t size = (copy->used + more) * 2 + CHUNK;
        char *buffer = realloc(copy->buffer, size);
        if (buffer == NULL)
            luaL_error(L, "not enough memory");
        copy->buffer = buffer;
        copy->size = size;
    }
    return copy->buffer + copy->used;
}

static bool send(lua_State *L, struct copy *copy, const char *data, size_t length)
{
    while (length > 0) {
        size_t part = length > CHUNK ? CHUNK : length;
        if (PQputCopyData(copy->pg->connection, data, (int)part) < 0 ||
            !tilth_pg_flush(L, copy->pg, TILTH_FOREVER))
            return false;
        data += part;
        length -= part;
    }
    return true;
}

static bool flush_rows(lua_State *L, struct copy *copy)
{
    bool sent = send(L, copy, copy->buffer, copy->used);
    copy->used = 0;
    return sent;
}

static void put_escaped(lua_State *L, struct copy *copy, const char *text, size_t length)
{
    char *out = reserve(L, copy, 2 * length);
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        switch (c) {
        case '\\':
            *out++ = '\\', *out++ = '\\';
            break;
        case '\n':
            *out++ = '\\', *out++ = 'n';
            break;
        case '\r':
            *out++ = '\\', *out++ = 'r';
            break;
        case '\t':
            *out++ = '\\', *out++ = 't';
            break;
        default:
            *out++ = c;
        }
    }
    copy->used = (size_t)(out - copy->buffer);
}

static void put_integer(lua_State *L, struct copy *copy, lua_Integer value)
{
    char digits[24];
    size_t start = sizeof digits;
    lua_Unsigned left = value < 0 ? 0 - (lua_Unsigned)value : (lua_Unsigned)value;
    do {
        digits[--start] = (char)('0' + left % 10);
        left /= 10;
    } while (left != 0);
    if (value < 0)
        digits[--start] = '-';
    memcpy(reserve(L, copy, sizeof digits), digits + start, sizeof digits - start);
    copy->used += sizeof digits - start;
}

/* Writes a finite number, the shorter of the two forms that read back as the same one:
 * 0.1 must not reach a numeric or text column as 0.10000000000000001. */
static int write_number(char out[40], double value)
{
    int length = sprintf(out, "%.15g", value);
    return strtod(out, NULL) == value ? length : sprintf(out, "%.17g", value);
}

static void put_number(lua_State *L, struct copy *copy, double value)
{
    char *out = reserve(L, copy, 40);
    if (isnan(value))
        copy->used += (size_t)sprintf(out, "NaN");
    else if (isinf(value))
        copy->used += (size_t)sprintf(out, value > 0 ? "Infinity" : "-Infinity");
    else
        copy->used += (size_t)write_number(out, value);
}

/* Appends the value on top of the stack in COPY's text format. */
static void put_value(lua_State *L, struct copy *copy, lua_Integer row, int column)
{
    switch (lua_type(L, -1)) {
    case LUA_TNIL:
    case LUA_TLIGHTUSERDATA:
        memcpy(reserve(L, copy, 2), "\\N", 2);
        copy->used += 2;
        return;
    case LUA_TBOOLEAN:
        *reserve(L, copy, 1) = lua_toboolean(L, -1) ? 't' : 'f';
        copy->used++;
        return;
    case LUA_TNUMBER:
        if (lua_isinteger(L, -1))
            put_integer(L, copy, lua_tointeger(L, -1));
        else
            put_number(L, copy, lua_tonumber(L, -1));
        return;
    case LUA_TSTRING: {
        size_t length;
        const char *text = lua_tolstring(L, -1, &length);
        if (memchr(text, '\0', length) != NULL)
            luaL_error(L,
                       "row %I, column %d holds a NUL byte, which PostgreSQL text cannot",
                       (LUAI_UACINT)row, column);
        put_escaped(L, copy, text, length);
        return;
    }
    default:
        luaL_error(L, "row %I, column %d is a %s: give it as text", (LUAI_UACINT)row,
                   column, luaL_typename(L, -1));
    }
}

/* Pushes the next row: a call of the function at `source`, or the list's element. */
static bool next_row(lua_State *L, int source, lua_Integer row)
{
    if (lua_isfunction(L, source)) {
        lua_pushvalue(L, source);
        lua_call(L, 0, 1);
    } else {
        lua_rawgeti(L, source, row);
    }
    if (lua_isnil(L, -1))
        return false;
    if (!lua_istable(L, -1))
        luaL_error(L, "row %I is a %s, not a table", (LUAI_UACINT)row,
                   luaL_typename(L, -1));
    return true;
}

/* Sends the rows of the list or iterator at `source`, with the keys listed at `columns`.
 */
static bool send_rows(lua_State *L, struct copy *copy, int source, int columns)
{
    int count = (int)lua_rawlen(L, columns);
    luaL_checkstack(L, count + 10, "columns");
    int keys = lua_gettop(L);
    for (int i = 1; i <= count; i++)
        lua_rawgeti(L, columns, i);
    int top = lua_gettop(L);
    for (lua_Integer row = 1; next_row(L, source, row); row++) {
        for (int i = 1; i <= count; i++) {
            if (i > 1) {
                *reserve(L, copy, 1) = '\t';
                copy->used++;
            }
            lua_pushvalue(L, keys + i);
            lua_rawget(L, top + 1);
            put_value(L, copy, row, i);
            lua_pop(L, 1);
        }
        *reserve(L, copy, 1) = '\n';
        copy->used++;
        lua_settop(L, top);
        if (copy->used >= CHUNK && !flush_rows(L, copy))
            return false;
    }
    lua_settop(L, keys);
    return flush_rows(L, copy);
}

/* Sends a string, or what the function at `source` returns until it returns nil. */
static bool send_text(lua_State *L, struct copy *copy, int source)
{
    size_t length;
    if (!lua_isfunction(L, source)) {
        const char *text = luaL_checklstring(L, source, &length);
        return send(L, copy, text, length);
    }
    for (;;) {
        lua_pushvalue(L, source);
        lua_call(L, 0, 1);
        if (lua_isnil(L, -1))
            return true;
        const char *text = luaL_checklstring(L, -1, &length);
        if (!send(L, copy, text, length))
            return false;
        lua_pop(L, 1);
    }
}

/* Starts a COPY. 0, or the number of values pushed for a failure. */
static int begin(lua_State *L, struct tilth_pg *pg, struct tilth_pg_box *box,
                 ExecStatusType expected)
{
    if (!PQsendQuery(pg->connection, luaL_checkstring(L, 2)))
        return tilth_pg_fail_connection(L, pg);
    if (tilth_pg_next(L, pg, box, TILTH_FOREVER) != TILTH_PG_RESULT)
        return tilth_pg_fail_connection(L, pg);
    ExecStatusType status = PQresultStatus(box->result);
    if (status == expected)
        return 0;
    if (status != PGRES_FATAL_ERROR && status != PGRES_BAD_RESPONSE) {
        tilth_pg_stop(L, pg);
        return luaL_error(L, "not a COPY in this direction");
    }
    int pushed = tilth_pg_fail_result(L, pg, box->result, 1);
    while (tilth_pg_next(L, pg, box, TILTH_FOREVER) == TILTH_PG_RESULT) {
        /* nothing of use follows an error */
    }
    return pushed;
}

/* Pushes the count of rows, or the first failure among the results that end a COPY. */
static int finish(lua_State *L, struct tilth_pg *pg, struct tilth_pg_box *box)
{
    lua_Integer rows = 0;
    int failed = 0;
    while (tilth_pg_next(L, pg, box, TILTH_FOREVER) == TILTH_PG_RESULT) {
        if (PQresultStatus(box->result) == PGRES_COMMAND_OK)
            rows = strtoll(PQcmdTuples(box->result), NULL, 10);
        else if (failed == 0)
            failed = tilth_pg_fail_result(L, pg, box->result, 1);
        if (PQstatus(pg->connection) == CONNECTION_BAD)
            break;
    }
    if (failed > 0)
        return failed;
    if (pg->connection == NULL || PQstatus(pg->connection) == CONNECTION_BAD)
        return tilth_pg_fail_connection(L, pg);
    lua_pushinteger(L, rows);
    return 1;
}

/* count | nil, message, sqlstate, detail = conn:copy_in(sql, source [, columns]) */
int tilth_pg_copy_in(lua_State *L)
{
    struct tilth_pg *pg = tilth_pg_check(L, 1);
    luaL_checkstring(L, 2);
    bool rows = !lua_isnoneornil(L, 4);
    if (rows) {
        luaL_checktype(L, 4, LUA_TTABLE);
        luaL_argcheck(L, lua_isfunction(L, 3) || lua_istable(L, 3), 3,
                      "list of rows or function expected");
    } else {
        luaL_argcheck(L, lua_isfunction(L, 3) || lua_type(L, 3) == LUA_TSTRING, 3,
                      "string or function expected");
    }
    lua_settop(L, 4);
    struct tilth_pg_box *box = tilth_pg_push_box(L);
    int failed = begin(L, pg, box, PGRES_COPY_IN);
    if (failed > 0)
        return failed;
    struct copy *copy = push_copy(L, pg);
    copy->active = true;
    bool sent = rows ? send_rows(L, copy, 3, 4) : send_text(L, copy, 3);
    copy->active = false;
    if (pg->connection == NULL)
        return tilth_pg_fail_connection(L, pg);
    if (sent)
        PQputCopyEnd(pg->connection, NULL);
    return finish(L, pg, box);
}

/* Calls the sink at index 3 with what has gathered. */
static void hand_over(lua_State *L, struct copy *copy)
{
    if (copy->used == 0)
        return;
    lua_pushvalue(L, 3);
    lua_pushlstring(L, copy->buffer, copy->used);
    copy->used = 0;
    lua_call(L, 1, 0);
}

/* Reads all rows of a COPY TO STDOUT. false: the connection is lost. */
static bool receive_rows(lua_State *L, struct copy *copy)
{
    PGconn *connection = copy->pg->connection;
    for (;;) {
        char *row;
        int length = PQgetCopyData(connection, &row, 1);
        if (length < 0)
            return length == -1;
        if (length == 0) {
            enum tilth_wait outcome = tilth_pg_wait(L, copy->pg, POLLIN, TILTH_FOREVER);
            if (outcome == TILTH_INTERRUPTED)
                tilth_raise_interrupt(L); /* closing `copy` cancels the query */
            if (!PQconsumeInput(connection))
                return false;
            continue;
        }
        char *room = NULL;
        if (copy->used + (size_t)length > copy->size) {
            size_t size = copy->used + (size_t)length + CHUNK;
            room = realloc(copy->buffer, size);
            if (room != NULL) {
                copy->buffer = room;
                copy->size = size;
            }
        } else {
            room = copy->buffer;
        }
        if (room != NULL)
            memcpy(copy->buffer + copy->used, row, (size_t)length);
        PQfreemem(row);
        if (room == NULL)
            luaL_error(L, "not enough memory");
        copy->used += (size_t)length;
        if (copy->used >= CHUNK)
            hand_over(L, copy);
    }
}

/* count | nil, message, sqlstate, detail = conn:copy_out(sql, sink) */
int tilth_pg_copy_out(lua_State *L)
{
    struct tilth_pg *pg = tilth_pg_check(L, 1);
    luaL_checkstring(L, 2);
    luaL_checktype(L, 3, LUA_TFUNCTION);
    lua_settop(L, 3);
    struct tilth_pg_box *box = tilth_pg_push_box(L);
    int failed = begin(L, pg, box, PGRES_COPY_OUT);
    if (failed > 0)
        return failed;
    struct copy *copy = push_copy(L, pg);
    copy->active = true;
    receive_rows(L, copy);
    copy->active = false;
    hand_over(L, copy);
    return finish(L, pg, box);
}

static void add_quoted(luaL_Buffer *buffer, const char *text, size_t length)
{
    luaL_addchar(buffer, '"');
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"' || text[i] == '\\')
            luaL_addchar(buffer, '\\');
        luaL_addchar(buffer, text[i]);
    }
    luaL_addchar(buffer, '"');
}

/* text = pg.array(list [, n]): PostgreSQL's array literal of a flat list, null and nil as
 * NULL */
int tilth_pg_array(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer count = luaL_optinteger(L, 2, (lua_Integer)lua_rawlen(L, 1));
    lua_settop(L, 1);
    luaL_Buffer buffer;
    luaL_buffinit(L, &buffer);
    luaL_addchar(&buffer, '{');
    for (lua_Integer i = 1; i <= count; i++) {
        if (i > 1)
            luaL_addchar(&buffer, ',');
        char text[40];
        size_t length = 0;
        int type = lua_rawgeti(L, 1, i);
        const char *string = type == LUA_TSTRING ? lua_tolstring(L, -1, &length) : text;
        if (type == LUA_TNIL || type == LUA_TLIGHTUSERDATA)
            length = (size_t)snprintf(text, sizeof text, "NULL");
        else if (type == LUA_TBOOLEAN)
            length =
                (size_t)snprintf(text, sizeof text, lua_toboolean(L, -1) ? "t" : "f");
        else if (type == LUA_TNUMBER && lua_isinteger(L, -1))
            length = (size_t)snprintf(text, sizeof text, LUA_INTEGER_FMT,
                                      lua_tointeger(L, -1));
        else if (type == LUA_TNUMBER && isinf(lua_tonumber(L, -1)))
            length = (size_t)snprintf(text, sizeof text,
                                      lua_tonumber(L, -1) > 0 ? "Infinity" : "-Infinity");
        else if (type == LUA_TNUMBER && isnan(lua_tonumber(L, -1)))
            length = (size_t)snprintf(text, sizeof text, "NaN");
        else if (type == LUA_TNUMBER)
            length = (size_t)write_number(text, lua_tonumber(L, -1));
        else if (type != LUA_TSTRING)
            return luaL_error(L, "element %I is a %s: give it as text", (LUAI_UACINT)i,
                              luaL_typename(L, -1));
        else if (memchr(string, '\0', length) != NULL)
            return luaL_error(L,
                              "element %I holds a NUL byte, which PostgreSQL text cannot",
                              (LUAI_UACINT)i);
        lua_pop(L, 1); /* the list keeps the string alive */
        if (type == LUA_TSTRING)
            add_quoted(&buffer, string, length);
        else
            luaL_addlstring(&buffer, text, length);
    }
    luaL_addchar(&buffer, '}');
    luaL_pushresult(&buffer);
    return 1;
}
