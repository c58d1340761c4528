/* COPY in both directions, streaming: memory stays flat whatever the number of rows. */
#include "pg_copy.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

static const char *const COPY = "tilth.pg.copy";

static int close_copy(lua_State *L)
{
    struct tilth_copy *copy = lua_touserdata(L, 1);
    if (copy->active && copy->pg->connection != NULL) {
        if (copy->ended) {
            tilth_pg_drain(L, copy->pg);
        } else {
            PQputCopyEnd(copy->pg->connection, "the source of the rows failed");
            tilth_pg_stop(L, copy->pg);
        }
    }
    copy->active = false;
    free(copy->buffer);
    copy->buffer = NULL;
    return 0;
}

static struct tilth_copy *push_copy(lua_State *L, struct tilth_pg *pg)
{
    struct tilth_copy *copy = lua_newuserdatauv(L, sizeof *copy, 0);
    *copy = (struct tilth_copy){.pg = pg};
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

char *tilth_copy_grow(lua_State *L, struct tilth_copy *copy, size_t size)
{
    size_t capacity = (copy->used + size) * 2 + TILTH_COPY_CHUNK;
    char *buffer = realloc(copy->buffer, capacity);
    if (buffer == NULL)
        luaL_error(L, "not enough memory");
    copy->buffer = buffer;
    copy->size = capacity;
    return copy->buffer + copy->used;
}

static bool send(lua_State *L, struct tilth_copy *copy, const char *data, size_t length)
{
    while (length > 0) {
        size_t part = length > TILTH_COPY_CHUNK ? TILTH_COPY_CHUNK : length;
        int put = PQputCopyData(copy->pg->connection, data, (int)part);
        if (put == 0) /* all before it has been flushed: it lacks nothing but memory */
            luaL_error(L, "not enough memory");
        if (put < 0 || !tilth_pg_flush(L, copy->pg, TILTH_FOREVER))
            return false;
        data += part;
        length -= part;
    }
    return true;
}

bool tilth_copy_flush(lua_State *L, struct tilth_copy *copy)
{
    if (copy->keep != NULL &&
        fwrite(copy->buffer, 1, copy->used, copy->keep) != copy->used)
        copy->keep = NULL;
    bool sent = send(L, copy, copy->buffer, copy->used);
    copy->used = 0;
    return sent;
}

/* Sends a string, or what the function at `source` returns until it returns nil. */
static bool send_text(lua_State *L, struct tilth_copy *copy, int source)
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
        const char *text = lua_tolstring(L, -1, &length);
        if (text == NULL)
            luaL_error(L, "the source of the rows gave a %s and not a text",
                       luaL_typename(L, -1));
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

static void check_source(lua_State *L)
{
    if (lua_isnoneornil(L, 4)) {
        luaL_argcheck(L, lua_isfunction(L, 3) || lua_type(L, 3) == LUA_TSTRING, 3,
                      "string or function expected");
        return;
    }
    luaL_checktype(L, 4, LUA_TTABLE);
    luaL_argcheck(L, lua_isfunction(L, 3) || lua_istable(L, 3), 3,
                  "list of rows or function expected");
    if (!lua_isnoneornil(L, 5))
        luaL_checktype(L, 5, LUA_TTABLE);
}

/* count | nil, message, sqlstate, detail = conn:copy_in(sql, source [, columns [,
 * options]]): source is a text or a function that gives chunks; with columns a list of
 * rows or a function that gives rows. docs/architecture.md has the shapes of columns
 * and options. */
int tilth_pg_copy_in(lua_State *L)
{
    struct tilth_pg *pg = tilth_pg_check_idle(L);
    luaL_checkstring(L, 2);
    check_source(L);
    lua_settop(L, 5);
    struct tilth_pg_box *box = tilth_pg_push_box(L);
    int failed = begin(L, pg, box, PGRES_COPY_IN);
    if (failed > 0)
        return failed;
    struct tilth_copy *copy = push_copy(L, pg);
    copy->active = true;
    bool rows = !lua_isnil(L, 4);
    bool sent = rows ? tilth_copy_send_rows(L, copy, 3, 4, 5) : send_text(L, copy, 3);
    copy->active = false;
    if (pg->connection == NULL)
        return tilth_pg_fail_connection(L, pg);
    if (sent)
        PQputCopyEnd(pg->connection, NULL);
    return finish(L, pg, box);
}

/* Calls the sink at index 3 with what has gathered. */
static void hand_over(lua_State *L, struct tilth_copy *copy)
{
    if (copy->used == 0)
        return;
    lua_pushvalue(L, 3);
    lua_pushlstring(L, copy->buffer, copy->used);
    copy->used = 0;
    lua_call(L, 1, 0);
}

/* Reads all rows of a COPY TO STDOUT; `finish` tells when they broke off. The sink may
 * close the connection. */
static void receive_rows(lua_State *L, struct tilth_copy *copy)
{
    for (;;) {
        char *row;
        int length = PQgetCopyData(copy->pg->connection, &row, 1);
        if (length < 0) {
            copy->ended = length == -1;
            return;
        }
        if (length == 0) {
            enum tilth_wait outcome = tilth_pg_wait(L, copy->pg, POLLIN, TILTH_FOREVER);
            if (outcome == TILTH_INTERRUPTED)
                tilth_raise_interrupt(L); /* closing `copy` cancels the query */
            if (!PQconsumeInput(copy->pg->connection))
                return;
            continue;
        }
        char *room = NULL;
        if (copy->used + (size_t)length > copy->size) {
            size_t size = copy->used + (size_t)length + TILTH_COPY_CHUNK;
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
        if (copy->used >= TILTH_COPY_CHUNK)
            hand_over(L, copy);
    }
}

/* count | nil, message, sqlstate, detail = conn:copy_out(sql, sink): sink(text) for
 * whole rows of COPY's text */
int tilth_pg_copy_out(lua_State *L)
{
    struct tilth_pg *pg = tilth_pg_check_idle(L);
    luaL_checkstring(L, 2);
    luaL_checktype(L, 3, LUA_TFUNCTION);
    lua_settop(L, 3);
    struct tilth_pg_box *box = tilth_pg_push_box(L);
    int failed = begin(L, pg, box, PGRES_COPY_OUT);
    if (failed > 0)
        return failed;
    struct tilth_copy *copy = push_copy(L, pg);
    copy->active = true;
    receive_rows(L, copy);
    hand_over(L, copy);
    copy->active = false;
    return finish(L, pg, box);
}
