/* Queries: one with parameters, or a script of many statements. */
#include "pg.h"

#include <lauxlib.h>
#include <string.h>

#define MOST_PARAMETERS 65535

/* Pushes the text that PostgreSQL reads as this value, or nil for NULL. */
static void push_parameter(lua_State *L, int index, int number)
{
    switch (lua_type(L, index)) {
    case LUA_TNIL:
        lua_pushnil(L);
        return;
    case LUA_TLIGHTUSERDATA:
        luaL_argcheck(L, lua_touserdata(L, index) == NULL, 3, "not a value");
        lua_pushnil(L);
        return;
    case LUA_TBOOLEAN:
        lua_pushstring(L, lua_toboolean(L, index) ? "t" : "f");
        return;
    case LUA_TNUMBER:
        if (lua_isinteger(L, index)) {
            lua_pushfstring(L, "%I", (LUAI_UACINT)lua_tointeger(L, index));
        } else {
            char text[40];
            tilth_pg_write_number(text, lua_tonumber(L, index));
            lua_pushstring(L, text);
        }
        return;
    case LUA_TSTRING: {
        size_t length;
        const char *text = lua_tolstring(L, index, &length);
        if (strlen(text) != length)
            luaL_error(L, "parameter %d holds a NUL byte, which PostgreSQL text cannot",
                       number);
        lua_pushvalue(L, index);
        return;
    }
    default:
        luaL_error(L, "parameter %d is a %s: give it as text", number,
                   luaL_typename(L, index));
    }
}

/* The values of the table at `index` as an array that lives, with its texts, on the
 * stack. */
static const char **parameter_values(lua_State *L, int index, int *count)
{
    lua_Integer n = 0;
    if (lua_getfield(L, index, "n") == LUA_TNUMBER)
        n = lua_tointeger(L, -1);
    else
        n = (lua_Integer)lua_rawlen(L, index);
    lua_pop(L, 1);
    luaL_argcheck(L, n >= 0 && n <= MOST_PARAMETERS, index, "too many parameters");
    const char **values = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof *values, 0);
    lua_createtable(L, (int)n, 0);
    int texts = lua_gettop(L);
    for (int i = 1; i <= (int)n; i++) {
        lua_rawgeti(L, index, i);
        push_parameter(L, texts + 1, i);
        values[i - 1] = lua_tostring(L, -1);
        lua_rawseti(L, texts, i);
        lua_settop(L, texts);
    }
    *count = (int)n;
    return values;
}

/* What a query may not do to a caller that has no data to give or take. */
static void refuse_copy(struct tilth_pg *pg, ExecStatusType status)
{
    if (status == PGRES_COPY_IN)
        PQputCopyEnd(pg->connection, "COPY FROM STDIN has no data here; use copy_in");
}

static bool is_failure(ExecStatusType status)
{
    return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE ||
           status == PGRES_NONFATAL_ERROR;
}

static void skip_copy_out(lua_State *L, struct tilth_pg *pg, double deadline)
{
    char *row;
    int length;
    while ((length = PQgetCopyData(pg->connection, &row, 1)) >= 0) {
        PQfreemem(row);
        if (length > 0)
            continue;
        enum tilth_wait outcome = tilth_pg_wait(L, pg, POLLIN, deadline);
        if (outcome == TILTH_INTERRUPTED) {
            tilth_pg_stop(L, pg);
            tilth_raise_interrupt(L);
        }
        if (outcome != TILTH_READY || !PQconsumeInput(pg->connection))
            return;
    }
}

/* Collects all results of what was sent into the table at the top of the stack: the
 * table, or nil and the first error. The results after an error are read and dropped. */
static int collect(lua_State *L, struct tilth_pg *pg, double deadline)
{
    int results = lua_gettop(L), count = 0, failed = 0;
    struct tilth_pg_box *box = tilth_pg_push_box(L);
    for (;;) {
        enum tilth_pg_next next = tilth_pg_next(L, pg, box, deadline);
        if (next == TILTH_PG_TIMEOUT)
            return failed > 0 ? failed : tilth_pg_fail_timeout(L);
        if (next == TILTH_PG_BROKEN)
            return failed > 0 ? failed : tilth_pg_fail_connection(L, pg);
        if (next == TILTH_PG_END)
            break;
        ExecStatusType status = PQresultStatus(box->result);
        refuse_copy(pg, status);
        if (status == PGRES_COPY_OUT)
            skip_copy_out(L, pg, deadline);
        if (failed > 0 || status == PGRES_COPY_IN)
            continue;
        if (is_failure(status)) {
            failed = tilth_pg_fail_result(L, pg, box->result, count + 1);
            if (PQstatus(pg->connection) == CONNECTION_BAD)
                break;
            continue;
        }
        if (status == PGRES_COPY_OUT)
            continue; /* its CommandComplete follows as a result of its own */
        tilth_pg_push_result(L, box->result);
        lua_rawseti(L, results, ++count);
    }
    if (failed > 0)
        return failed;
    lua_pushvalue(L, results);
    return 1;
}

/* results | nil, message, sqlstate, detail = conn:script(sql [, timeout]): many
 * statements in one message; detail.statement says which one failed */
int tilth_pg_script(lua_State *L)
{
    struct tilth_pg *pg = tilth_pg_check_idle(L);
    size_t length;
    const char *sql = luaL_checklstring(L, 2, &length);
    double deadline = tilth_deadline(luaL_optnumber(L, 3, -1));
    luaL_argcheck(L, strlen(sql) == length, 2, "SQL holds a NUL byte");
    lua_newtable(L);
    if (!PQsendQuery(pg->connection, sql))
        return tilth_pg_fail_connection(L, pg);
    return collect(L, pg, deadline);
}

/* result | nil, message, sqlstate, detail = conn:query(sql [, params [, timeout]]):
 * one statement with values as $1 and so on (params.n counts nils); the result is a
 * list of rows keyed by column name, with columns, count and command */
int tilth_pg_query(lua_State *L)
{
    struct tilth_pg *pg = tilth_pg_check_idle(L);
    size_t length;
    const char *sql = luaL_checklstring(L, 2, &length);
    double deadline = tilth_deadline(luaL_optnumber(L, 4, -1));
    luaL_argcheck(L, strlen(sql) == length, 2, "SQL holds a NUL byte");
    int count = 0;
    const char **values = NULL;
    if (!lua_isnoneornil(L, 3)) {
        luaL_checktype(L, 3, LUA_TTABLE);
        values = parameter_values(L, 3, &count);
    }
    lua_newtable(L);
    int results = lua_gettop(L);
    if (!PQsendQueryParams(pg->connection, sql, count, NULL, values, NULL, NULL, 0))
        return tilth_pg_fail_connection(L, pg);
    int pushed = collect(L, pg, deadline);
    if (pushed == 1)
        lua_rawgeti(L, results, 1);
    return pushed;
}
