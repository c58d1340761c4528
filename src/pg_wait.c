/* Waiting on a PostgreSQL connection: results, sending, cancelling. */
#include "offload.h"
#include "pg.h"

#include <lauxlib.h>
#include <stdlib.h>

enum tilth_wait tilth_pg_wait(lua_State *L, struct tilth_pg *pg, short events,
                              double deadline)
{
    struct pollfd descriptor = {PQsocket(pg->connection), events, 0};
    pg->L = L;
    return tilth_wait(L, &descriptor, 1, deadline);
}

bool tilth_pg_flush(lua_State *L, struct tilth_pg *pg, double deadline)
{
    for (;;) {
        int left = PQflush(pg->connection);
        if (left <= 0)
            return left == 0;
        enum tilth_wait outcome = tilth_pg_wait(L, pg, POLLIN | POLLOUT, deadline);
        if (outcome == TILTH_INTERRUPTED) {
            tilth_pg_stop(L, pg);
            tilth_raise_interrupt(L);
        }
        /* The server may be unable to read on until we have read what it says. */
        if (outcome == TILTH_TIMEOUT || !PQconsumeInput(pg->connection))
            return false;
    }
}

struct cancel {
    PGcancel *request;
    bool sent;
};

static void send_cancel(void *data)
{
    struct cancel *cancel = data;
    char text[256];
    cancel->sent = PQcancel(cancel->request, text, sizeof text) == 1;
}

static void free_cancel(void *data)
{
    struct cancel *cancel = data;
    if (cancel->request != NULL)
        PQfreeCancel(cancel->request);
    free(cancel);
}

/* Tells the callback of on_wait how long the query has run. */
static void tell_waiting(lua_State *L, struct tilth_pg *pg, double started)
{
    if (pg->wait_reference == LUA_NOREF || !lua_checkstack(L, 4))
        return;
    int top = lua_gettop(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, pg->wait_reference);
    lua_pushnumber(L, tilth_monotonic() - started);
    tilth_pg_call_back(L, 1);
    lua_settop(L, top);
    pg->L = L;
}

/* Waits for input, and calls on_wait's callback meanwhile. */
static enum tilth_wait wait_for_input(lua_State *L, struct tilth_pg *pg, short events,
                                      double deadline)
{
    if (pg->wait_reference == LUA_NOREF)
        return tilth_pg_wait(L, pg, events, deadline);
    double started = tilth_monotonic();
    for (;;) {
        double tick = tilth_deadline(pg->wait_interval);
        bool ticks = deadline < 0 || tick < deadline;
        enum tilth_wait outcome = tilth_pg_wait(L, pg, events, ticks ? tick : deadline);
        if (outcome != TILTH_TIMEOUT || !ticks)
            return outcome;
        tell_waiting(L, pg, started);
        if (pg->connection == NULL)
            return TILTH_TIMEOUT;
    }
}

/* Reads until a result can be had without blocking. */
static enum tilth_wait read_until_ready(lua_State *L, struct tilth_pg *pg,
                                        double deadline)
{
    pg->L = L;
    while (PQisBusy(pg->connection)) {
        short events = PQflush(pg->connection) > 0 ? POLLIN | POLLOUT : POLLIN;
        enum tilth_wait outcome = wait_for_input(L, pg, events, deadline);
        if (outcome != TILTH_READY)
            return outcome;
        if (!PQconsumeInput(pg->connection))
            break; /* PQgetResult tells what happened */
    }
    return TILTH_READY;
}

/* Reads the rows that are left of a COPY: TILTH_READY at its end. */
static enum tilth_wait drain_copy(lua_State *L, struct tilth_pg *pg, double deadline)
{
    char *row;
    int length;
    while ((length = PQgetCopyData(pg->connection, &row, 1)) >= 0) {
        PQfreemem(row);
        if (length > 0)
            continue;
        enum tilth_wait outcome = tilth_pg_wait(L, pg, POLLIN, deadline);
        if (outcome != TILTH_READY)
            return outcome;
        if (!PQconsumeInput(pg->connection))
            break; /* PQgetResult tells what happened */
    }
    return TILTH_READY;
}

/* Reads what is left of a query: TILTH_READY when all of it has come. */
static enum tilth_wait drain(lua_State *L, struct tilth_pg *pg, double deadline)
{
    for (;;) {
        enum tilth_wait outcome = read_until_ready(L, pg, deadline);
        if (outcome != TILTH_READY)
            return outcome;
        PGresult *result = PQgetResult(pg->connection);
        if (result == NULL)
            return TILTH_READY;
        ExecStatusType status = PQresultStatus(result);
        PQclear(result);
        if (PQstatus(pg->connection) == CONNECTION_BAD)
            return TILTH_READY;
        if (status == PGRES_COPY_IN)
            PQputCopyEnd(pg->connection, "canceled");
        if (status == PGRES_COPY_OUT &&
            (outcome = drain_copy(L, pg, deadline)) != TILTH_READY)
            return outcome;
    }
}

bool tilth_pg_cancel(lua_State *L, struct tilth_pg *pg, double deadline)
{
    struct cancel *cancel = calloc(1, sizeof *cancel);
    if (cancel == NULL)
        return false;
    cancel->request = PQgetCancel(pg->connection);
    if (cancel->request == NULL) {
        free_cancel(cancel);
        return false;
    }
    int outcome = tilth_offload(L, send_cancel, free_cancel, cancel, deadline);
    if (outcome == TILTH_TIMEOUT || outcome == TILTH_INTERRUPTED)
        return false; /* the thread frees the request when it has ended */
    bool sent = cancel->sent;
    free_cancel(cancel);
    return sent;
}

void tilth_pg_stop(lua_State *L, struct tilth_pg *pg)
{
    double deadline = tilth_deadline(TILTH_PG_CANCEL_SECONDS);
    double pause = TILTH_PG_CANCEL_AGAIN_SECONDS;
    enum tilth_wait outcome;
    /* A server that has not begun with the query yet ignores the request. */
    do {
        tilth_pg_cancel(L, pg, deadline);
        double again = tilth_deadline(pause);
        outcome = drain(L, pg, again < deadline ? again : deadline);
        pause *= 2;
    } while (outcome == TILTH_TIMEOUT && tilth_monotonic() < deadline);
    if (outcome != TILTH_READY) {
        PQfinish(pg->connection);
        pg->connection = NULL;
    }
}

void tilth_pg_drain(lua_State *L, struct tilth_pg *pg)
{
    if (drain(L, pg, tilth_deadline(TILTH_PG_CANCEL_SECONDS)) != TILTH_READY)
        tilth_pg_stop(L, pg);
}

enum tilth_pg_next tilth_pg_next(lua_State *L, struct tilth_pg *pg,
                                 struct tilth_pg_box *box, double deadline)
{
    tilth_pg_clear(box);
    enum tilth_wait outcome = read_until_ready(L, pg, deadline);
    if (outcome == TILTH_READY) {
        box->result = PQgetResult(pg->connection);
        return box->result != NULL ? TILTH_PG_RESULT : TILTH_PG_END;
    }
    if (pg->connection != NULL)
        tilth_pg_stop(L, pg);
    if (outcome == TILTH_INTERRUPTED)
        tilth_raise_interrupt(L);
    return pg->connection != NULL ? TILTH_PG_TIMEOUT : TILTH_PG_BROKEN;
}
