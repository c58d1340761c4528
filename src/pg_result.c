/* PostgreSQL results and errors as Lua values. */
#include "pg.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

/* Type OIDs, fixed for ever by PostgreSQL's pg_type.dat. */
enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_OID = 26,
    OID_FLOAT4 = 700,
    OID_FLOAT8 = 701,
};

static const char *const BOX = "tilth.pg.box";

static int close_box(lua_State *L)
{
    tilth_pg_clear(lua_touserdata(L, 1));
    return 0;
}

struct tilth_pg_box *tilth_pg_push_box(lua_State *L)
{
    struct tilth_pg_box *box = lua_newuserdatauv(L, sizeof *box, 0);
    box->result = NULL;
    if (luaL_newmetatable(L, BOX)) {
        lua_pushcfunction(L, close_box);
        lua_setfield(L, -2, "__gc");
        lua_pushcfunction(L, close_box);
        lua_setfield(L, -2, "__close");
    }
    lua_setmetatable(L, -2);
    lua_toclose(L, -1);
    return box;
}

void tilth_pg_clear(struct tilth_pg_box *box)
{
    PQclear(box->result);
    box->result = NULL;
}

static void push_bytes(lua_State *L, const char *text, size_t length)
{
    size_t size = length >= 2 ? (length - 2) / 2 : 0;
    if (strncmp(text, "\\x", 2) != 0) { /* bytea_output = escape */
        lua_pushlstring(L, text, length);
        return;
    }
    luaL_Buffer buffer;
    char *out = luaL_buffinitsize(L, &buffer, size);
    for (size_t i = 0; i < size; i++) {
        char pair[3] = {text[2 + 2 * i], text[3 + 2 * i], '\0'};
        out[i] = (char)strtoul(pair, NULL, 16);
    }
    luaL_pushresultsize(&buffer, size);
}

static void push_value(lua_State *L, const PGresult *result, int row, int column,
                       Oid type)
{
    const char *text = PQgetvalue(result, row, column);
    size_t length = (size_t)PQgetlength(result, row, column);
    switch (type) {
    case OID_BOOL:
        lua_pushboolean(L, text[0] == 't');
        return;
    case OID_INT2:
    case OID_INT4:
    case OID_INT8:
    case OID_OID:
        lua_pushinteger(L, strtoll(text, NULL, 10));
        return;
    case OID_FLOAT4:
    case OID_FLOAT8:
        lua_pushnumber(L, tilth_pg_read_number(text));
        return;
    case OID_BYTEA:
        push_bytes(L, text, length);
        return;
    default:
        lua_pushlstring(L, text, length);
    }
}

static void push_row(lua_State *L, const PGresult *result, int row, int columns,
                     int names)
{
    lua_createtable(L, 0, columns);
    for (int column = 0; column < columns; column++) {
        if (PQgetisnull(result, row, column))
            continue;
        lua_rawgeti(L, names, column + 1);
        push_value(L, result, row, column, PQftype(result, column));
        lua_rawset(L, -3);
    }
}

/* Pushes a column's name. Rows are keyed by it, so a second "id" is "id (2)": the value
 * of none is lost. */
static void push_name(lua_State *L, const PGresult *result, int column)
{
    const char *name = PQfname(result, column);
    int same = 1;
    for (int earlier = 0; earlier < column; earlier++)
        same += strcmp(PQfname(result, earlier), name) == 0;
    if (same == 1)
        lua_pushstring(L, name);
    else
        lua_pushfstring(L, "%s (%d)", name, same);
}

void tilth_pg_push_result(lua_State *L, const PGresult *result)
{
    int rows = PQntuples(result), columns = PQnfields(result);
    luaL_checkstack(L, 8, "result");
    lua_createtable(L, rows, 3);
    lua_createtable(L, columns, 0);
    for (int column = 0; column < columns; column++) {
        push_name(L, result, column);
        lua_rawseti(L, -2, column + 1);
    }
    int names = lua_gettop(L);
    for (int row = 0; row < rows; row++) {
        push_row(L, result, row, columns, names);
        lua_rawseti(L, names - 1, row + 1);
    }
    lua_setfield(L, -2, "columns");
    const char *count = PQcmdTuples((PGresult *)result);
    if (count[0] != '\0') {
        lua_pushinteger(L, strtoll(count, NULL, 10));
        lua_setfield(L, -2, "count");
    }
    lua_pushstring(L, PQcmdStatus((PGresult *)result));
    lua_setfield(L, -2, "command");
}

static void set_field(lua_State *L, const PGresult *result, int code, const char *name)
{
    const char *text = PQresultErrorField(result, code);
    if (text == NULL)
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

static void set_number(lua_State *L, const PGresult *result, int code, const char *name)
{
    const char *text = PQresultErrorField(result, code);
    if (text == NULL)
        return;
    lua_pushinteger(L, strtoll(text, NULL, 10));
    lua_setfield(L, -2, name);
}

void tilth_pg_push_fields(lua_State *L, const PGresult *result)
{
    lua_createtable(L, 0, 8);
    set_field(L, result, PG_DIAG_SEVERITY_NONLOCALIZED, "severity");
    set_field(L, result, PG_DIAG_SQLSTATE, "sqlstate");
    set_field(L, result, PG_DIAG_MESSAGE_PRIMARY, "message");
    set_field(L, result, PG_DIAG_MESSAGE_DETAIL, "detail");
    set_field(L, result, PG_DIAG_MESSAGE_HINT, "hint");
    set_number(L, result, PG_DIAG_STATEMENT_POSITION, "position");
    set_number(L, result, PG_DIAG_INTERNAL_POSITION, "internal_position");
    set_field(L, result, PG_DIAG_INTERNAL_QUERY, "internal_query");
    set_field(L, result, PG_DIAG_CONTEXT, "context");
    set_field(L, result, PG_DIAG_SCHEMA_NAME, "schema");
    set_field(L, result, PG_DIAG_TABLE_NAME, "table");
    set_field(L, result, PG_DIAG_COLUMN_NAME, "column");
    set_field(L, result, PG_DIAG_DATATYPE_NAME, "datatype");
    set_field(L, result, PG_DIAG_CONSTRAINT_NAME, "constraint");
}

/* Pushes libpq's own text without the newline at its end. */
static void push_trimmed(lua_State *L, const char *text)
{
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == '\n')
        length--;
    lua_pushlstring(L, text, length);
}

int tilth_pg_fail_connection(lua_State *L, struct tilth_pg *pg)
{
    lua_pushnil(L);
    if (pg->connection == NULL)
        lua_pushliteral(L, "the connection is closed");
    else
        push_trimmed(L, PQerrorMessage(pg->connection));
    lua_pushstring(L, pg->last_words[0] != '\0' ? pg->last_words : TILTH_PG_LOST);
    lua_createtable(L, 0, 3);
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, "sqlstate");
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "message");
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, "lost");
    return 4;
}

int tilth_pg_fail_timeout(lua_State *L)
{
    lua_pushnil(L);
    lua_pushliteral(L, "canceled: it took longer than its time limit");
    lua_pushliteral(L, TILTH_PG_CANCELED);
    lua_createtable(L, 0, 2);
    lua_pushliteral(L, TILTH_PG_CANCELED);
    lua_setfield(L, -2, "sqlstate");
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, "timed_out");
    return 4;
}

int tilth_pg_fail_result(lua_State *L, struct tilth_pg *pg, const PGresult *result,
                         int statement)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (state == NULL && PQstatus(pg->connection) == CONNECTION_BAD)
        return tilth_pg_fail_connection(L, pg);
    lua_pushnil(L);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (message != NULL)
        lua_pushstring(L, message);
    else
        push_trimmed(L, PQresultErrorMessage(result));
    lua_pushstring(L, state != NULL ? state : "XX000");
    tilth_pg_push_fields(L, result);
    if (statement > 0) {
        lua_pushinteger(L, statement);
        lua_setfield(L, -2, "statement");
    }
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (PQstatus(pg->connection) == CONNECTION_BAD ||
        (severity != NULL &&
         (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0))) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, "lost");
    }
    return 4;
}
