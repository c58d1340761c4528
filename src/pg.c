/* tilth.core.pg: PostgreSQL through libpq, never blocking inside it. */
#include "core.h"
#include "interrupt.h"
#include "pg.h"
#include "result.h"

#include <lauxlib.h>
#include <string.h>

struct tilth_pg *tilth_pg_check(lua_State *L, int index)
{
    struct tilth_pg *pg = luaL_checkudata(L, index, TILTH_PG_CONNECTION);
    luaL_argcheck(L, pg->connection != NULL, index, "the connection is closed");
    return pg;
}

struct tilth_pg *tilth_pg_check_idle(lua_State *L)
{
    struct tilth_pg *pg = tilth_pg_check(L, 1);
    if (PQtransactionStatus(pg->connection) == PQTRANS_ACTIVE)
        luaL_error(L, "the connection is busy with another query");
    pg->L = L;
    return pg;
}

void tilth_pg_call_back(lua_State *L, int arguments)
{
    struct tilth_interrupt *interrupt = tilth_interrupt_of(L);
    bool unwinding = interrupt->raised;
    lua_pcall(L, arguments, 0, 0);
    interrupt->raised = unwinding;
}

static void forget(lua_State *L, int *reference)
{
    luaL_unref(L, LUA_REGISTRYINDEX, *reference);
    *reference = LUA_NOREF;
}

/* conn:close(): an open transaction is rolled back by the server. Twice is allowed. */
static int conn_close(lua_State *L)
{
    struct tilth_pg *pg = luaL_checkudata(L, 1, TILTH_PG_CONNECTION);
    if (pg->in_notice)
        return luaL_error(L, "the connection cannot be closed while it tells a notice");
    forget(L, &pg->notice_reference);
    forget(L, &pg->wait_reference);
    if (pg->connection != NULL)
        PQfinish(pg->connection);
    pg->connection = NULL;
    return 0;
}

/* text = conn:status(): "idle", "active", "transaction", "failed" or "closed" */
static int conn_status(lua_State *L)
{
    struct tilth_pg *pg = luaL_checkudata(L, 1, TILTH_PG_CONNECTION);
    const char *status = "closed";
    if (pg->connection != NULL && PQstatus(pg->connection) == CONNECTION_OK) {
        switch (PQtransactionStatus(pg->connection)) {
        case PQTRANS_IDLE:
            status = "idle";
            break;
        case PQTRANS_ACTIVE:
            status = "active";
            break;
        case PQTRANS_INTRANS:
            status = "transaction";
            break;
        case PQTRANS_INERROR:
            status = "failed";
            break;
        default:
            break;
        }
    }
    lua_pushstring(L, status);
    return 1;
}

static void set_string(lua_State *L, const char *name, const char *value)
{
    if (value == NULL)
        return;
    lua_pushstring(L, value);
    lua_setfield(L, -2, name);
}

/* table = conn:info(): { pid, server_version, host, port, database, user, tls } */
static int conn_info(lua_State *L)
{
    PGconn *connection = tilth_pg_check(L, 1)->connection;
    lua_createtable(L, 0, 7);
    lua_pushinteger(L, PQbackendPID(connection));
    lua_setfield(L, -2, "pid");
    lua_pushinteger(L, PQserverVersion(connection));
    lua_setfield(L, -2, "server_version");
    set_string(L, "host", PQhost(connection));
    set_string(L, "port", PQport(connection));
    set_string(L, "database", PQdb(connection));
    set_string(L, "user", PQuser(connection));
    lua_pushboolean(L, PQsslInUse(connection));
    lua_setfield(L, -2, "tls");
    return 1;
}

/* text | nil = conn:parameter(name): what the server reported, such as server_version */
static int conn_parameter(lua_State *L)
{
    struct tilth_pg *pg = tilth_pg_check(L, 1);
    lua_pushstring(L, PQparameterStatus(pg->connection, luaL_checkstring(L, 2)));
    return 1;
}

/* conn:on_notice([fn]): fn{ severity, sqlstate, message, ... } for each notice; none
 * without it */
static int conn_on_notice(lua_State *L)
{
    struct tilth_pg *pg = tilth_pg_check(L, 1);
    if (!lua_isnoneornil(L, 2))
        luaL_checktype(L, 2, LUA_TFUNCTION);
    forget(L, &pg->notice_reference);
    if (!lua_isnoneornil(L, 2)) {
        lua_settop(L, 2);
        pg->notice_reference = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    return 0;
}

/* conn:on_wait([fn [, seconds]]): fn(waited) again and again while a query runs; the
 * connection itself is busy then */
static int conn_on_wait(lua_State *L)
{
    struct tilth_pg *pg = tilth_pg_check(L, 1);
    if (!lua_isnoneornil(L, 2))
        luaL_checktype(L, 2, LUA_TFUNCTION);
    double seconds = luaL_optnumber(L, 3, 1);
    luaL_argcheck(L, seconds > 0, 3, "more than 0 seconds expected");
    forget(L, &pg->wait_reference);
    if (!lua_isnoneornil(L, 2)) {
        lua_settop(L, 2);
        pg->wait_reference = luaL_ref(L, LUA_REGISTRYINDEX);
        pg->wait_interval = seconds;
    }
    return 0;
}

/* true | nil, message, "failed" = conn:cancel(): asks the server to end the running
 * query, from within a callback of on_wait or on_notice; the query then fails with 57014
 */
static int conn_cancel(lua_State *L)
{
    struct tilth_pg *pg = tilth_pg_check(L, 1);
    if (!tilth_pg_cancel(L, pg, tilth_deadline(TILTH_PG_CANCEL_SECONDS)))
        return tilth_fail(L, "failed", "the server took no request to cancel");
    lua_pushboolean(L, 1);
    return 1;
}

static int push_escaped(lua_State *L, PGconn *connection, char *escaped)
{
    if (escaped == NULL)
        return luaL_error(L, "cannot be escaped: %s", PQerrorMessage(connection));
    lua_pushstring(L, escaped);
    PQfreemem(escaped);
    return 1;
}

/* text = conn:identifier(name): a name as SQL, quoted */
static int conn_identifier(lua_State *L)
{
    PGconn *connection = tilth_pg_check(L, 1)->connection;
    size_t length;
    const char *name = luaL_checklstring(L, 2, &length);
    return push_escaped(L, connection, PQescapeIdentifier(connection, name, length));
}

/* text = conn:literal(text): a text as an SQL literal */
static int conn_literal(lua_State *L)
{
    PGconn *connection = tilth_pg_check(L, 1)->connection;
    size_t length;
    const char *text = luaL_checklstring(L, 2, &length);
    return push_escaped(L, connection, PQescapeLiteral(connection, text, length));
}

/* integer = pg.version(): libpq's own, such as 150018 */
static int pg_version(lua_State *L)
{
    lua_pushinteger(L, PQlibVersion());
    return 1;
}

static int conn_tostring(lua_State *L)
{
    struct tilth_pg *pg = luaL_checkudata(L, 1, TILTH_PG_CONNECTION);
    if (pg->connection == NULL)
        lua_pushliteral(L, "connection (closed)");
    else
        lua_pushfstring(L, "connection (%s, pid %d)", PQdb(pg->connection),
                        PQbackendPID(pg->connection));
    return 1;
}

static const luaL_Reg functions[] = {
    {"array", tilth_pg_array},
    {"connect", tilth_pg_connect},
    {"version", pg_version},
    {NULL, NULL},
};

static const luaL_Reg methods[] = {
    {"cancel", conn_cancel},         {"close", conn_close},
    {"copy_in", tilth_pg_copy_in},   {"copy_out", tilth_pg_copy_out},
    {"identifier", conn_identifier}, {"info", conn_info},
    {"literal", conn_literal},       {"on_notice", conn_on_notice},
    {"on_wait", conn_on_wait},       {"parameter", conn_parameter},
    {"query", tilth_pg_query},       {"script", tilth_pg_script},
    {"status", conn_status},         {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__close", conn_close},
    {"__gc", conn_close},
    {"__tostring", conn_tostring},
    {NULL, NULL},
};

int luaopen_tilth_core_pg(lua_State *L)
{
    luaL_newmetatable(L, TILTH_PG_CONNECTION);
    luaL_setfuncs(L, metamethods, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    return 1;
}
