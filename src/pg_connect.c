/* Connecting to PostgreSQL without ever blocking in libpq. */
#include "pg.h"
#include "result.h"

#include <ctype.h>
#include <lauxlib.h>
#include <string.h>

static struct tilth_pg *push_connection(lua_State *L)
{
    struct tilth_pg *pg = lua_newuserdatauv(L, sizeof *pg, 0);
    *pg = (struct tilth_pg){
        .L = L, .notice_reference = LUA_NOREF, .wait_reference = LUA_NOREF};
    luaL_setmetatable(L, TILTH_PG_CONNECTION);
    return pg;
}

/* libpq gives the server's message as text only when a connection fails; with verbose
 * errors the SQLSTATE stands in it: "FATAL:  28P01: password ...". Copies it into
 * `state`. */
static bool find_sqlstate(const char *text, char state[6])
{
    const char *at = strstr(text, "FATAL:  ");
    if (at == NULL)
        at = strstr(text, "ERROR:  ");
    if (at == NULL || strlen(at) < 15 || at[13] != ':')
        return false;
    for (int i = 0; i < 5; i++)
        if (!isupper((unsigned char)at[8 + i]) && !isdigit((unsigned char)at[8 + i]))
            return false;
    memcpy(state, at + 8, 5);
    state[5] = '\0';
    return true;
}

/* Pushes libpq's message without SQLSTATE marks, LOCATION lines and the final newline. */
static void push_message(lua_State *L, const char *text, const char *state)
{
    luaL_Buffer buffer;
    luaL_buffinit(L, &buffer);
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        if (strncmp(text, "LOCATION:", 9) != 0) {
            const char *mark = state[0] != '\0' ? strstr(text, state) : NULL;
            if (luaL_bufflen(&buffer) > 0)
                luaL_addchar(&buffer, '\n');
            if (mark != NULL && mark < text + length && strncmp(mark + 5, ": ", 2) == 0) {
                luaL_addlstring(&buffer, text, (size_t)(mark - text));
                luaL_addlstring(&buffer, mark + 7, length - (size_t)(mark + 7 - text));
            } else {
                luaL_addlstring(&buffer, text, length);
            }
        }
        text += length;
        if (*text == '\n')
            text++;
    }
    luaL_pushresult(&buffer);
}

static int fail_connect(lua_State *L, struct tilth_pg *pg)
{
    char state[6] = "";
    const char *text = PQerrorMessage(pg->connection);
    bool known = find_sqlstate(text, state);
    lua_pushnil(L);
    push_message(L, text, state);
    lua_pushstring(L, known ? state : TILTH_PG_UNREACHABLE);
    PQfinish(pg->connection);
    pg->connection = NULL;
    return 3;
}

static int fail_connect_timeout(lua_State *L, struct tilth_pg *pg, double seconds)
{
    PQfinish(pg->connection);
    pg->connection = NULL;
    lua_pushnil(L);
    lua_pushfstring(L, "no answer within %f s", seconds);
    lua_pushliteral(L, TILTH_PG_UNREACHABLE);
    return 3;
}

/* Turns the table at index 1 into libpq's keyword and value arrays. The strings stay
 * anchored: the arrays live in a userdata, the values in a table, both left on the stack.
 */
static const char **keyword_arrays(lua_State *L, const char ***values)
{
    size_t count = 0;
    for (lua_pushnil(L); lua_next(L, 1) != 0; lua_pop(L, 1))
        count++;
    const char **keywords =
        lua_newuserdatauv(L, 2 * (count + 1) * sizeof(const char *), 0);
    *values = keywords + count + 1;
    size_t i = 0;
    for (lua_pushnil(L); lua_next(L, 1) != 0; lua_pop(L, 1)) {
        luaL_argcheck(L, lua_type(L, -2) == LUA_TSTRING, 1, "keywords must be strings");
        luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, 1, "values must be strings");
        keywords[i] = lua_tostring(L, -2);
        (*values)[i] = lua_tostring(L, -1);
        i++;
    }
    keywords[i] = NULL;
    (*values)[i] = NULL;
    return keywords;
}

static void receive_notice(void *argument, const PGresult *result)
{
    struct tilth_pg *pg = argument;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (severity != NULL && state != NULL &&
        (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0 ||
         strncmp(state, "57P", 3) == 0)) {
        strncpy(pg->last_words, state, 5);
        pg->last_words[5] = '\0';
    }
    lua_State *L = pg->L;
    if (pg->notice_reference == LUA_NOREF || !lua_checkstack(L, 6))
        return;
    int top = lua_gettop(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, pg->notice_reference);
    tilth_pg_push_fields(L, result);
    pg->in_notice = true;
    tilth_pg_call_back(L, 1);
    pg->in_notice = false;
    lua_settop(L, top);
}

/* Calls the function at index 3 for a piece of work; false when there is no more. */
static bool do_meanwhile(lua_State *L)
{
    lua_pushvalue(L, 3);
    lua_call(L, 0, 1);
    bool more = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return more;
}

/* Waits for the server, and works while there is work. */
static enum tilth_wait wait_for_server(lua_State *L, struct tilth_pg *pg, short events,
                                       double deadline, bool *working)
{
    while (*working) {
        struct pollfd server = {PQsocket(pg->connection), events, 0};
        if (poll(&server, 1, 0) != 0)
            break;
        *working = do_meanwhile(L);
    }
    return tilth_pg_wait(L, pg, events, deadline);
}

/* conn | nil, message, sqlstate = pg.connect(params [, timeout [, meanwhile]]): params
 * are libpq's keywords; the SQLSTATE is the server's, 08001 where there is no way to it,
 * 08006 where it was lost. meanwhile is called again and again while the server is waited
 * for, and does a small piece of work each time, until it gives false; what is left of it
 * is done before the connection is given */
int tilth_pg_connect(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    double seconds = luaL_optnumber(L, 2, -1);
    bool working = !lua_isnoneornil(L, 3);
    lua_settop(L, 3);
    tilth_pg_variables(L, 1);
    const char **values;
    const char **keywords = keyword_arrays(L, &values);
    double deadline = tilth_deadline(seconds);
    struct tilth_pg *pg = push_connection(L);

    pg->connection = PQconnectStartParams(keywords, values, 0);
    if (pg->connection == NULL)
        return luaL_error(L, "out of memory");
    PQsetErrorVerbosity(pg->connection, PQERRORS_VERBOSE);
    PQsetNoticeReceiver(pg->connection, receive_notice, pg);
    if (PQstatus(pg->connection) == CONNECTION_BAD)
        return fail_connect(L, pg);
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (state != PGRES_POLLING_OK) {
        short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        enum tilth_wait outcome = wait_for_server(L, pg, events, deadline, &working);
        if (outcome == TILTH_TIMEOUT)
            return fail_connect_timeout(L, pg, seconds);
        if (outcome == TILTH_INTERRUPTED) {
            PQfinish(pg->connection);
            pg->connection = NULL;
            return tilth_raise_interrupt(L);
        }
        state = PQconnectPoll(pg->connection);
        if (state == PGRES_POLLING_FAILED)
            return fail_connect(L, pg);
    }
    while (working)
        working = do_meanwhile(L);
    PQsetErrorVerbosity(pg->connection, PQERRORS_DEFAULT);
    if (PQsetnonblocking(pg->connection, 1) != 0)
        return fail_connect(L, pg);
    return 1;
}
