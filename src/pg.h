/* What the files of the PostgreSQL library share: the connection handle, waiting and
 * results. */
#ifndef TILTH_PG_H
#define TILTH_PG_H

#include "wait.h"

#include <libpq-fe.h>
#include <lua.h>
#include <stdbool.h>

#define TILTH_PG_CONNECTION "tilth.pg.connection"

/* SQLSTATEs for failures that libpq reports without one. */
#define TILTH_PG_UNREACHABLE "08001"
#define TILTH_PG_LOST "08006"
#define TILTH_PG_CANCELED "57014"

struct tilth_pg {
    PGconn *connection; /* NULL once closed */
    lua_State *L; /* the state that waits on the connection right now, for notices */
    int notice_reference; /* the notice callback in the registry, or LUA_NOREF */
    int wait_reference;   /* what is called while a query runs, or LUA_NOREF */
    double wait_interval; /* seconds between two such calls */
    char last_words[6];   /* SQLSTATE of a FATAL notice: why the server went away */
    bool in_notice;       /* libpq waits for the end of the notice callback */
};

/* An open connection at this index; raises on another type and on a closed one. */
struct tilth_pg *tilth_pg_check(lua_State *L, int index);

/* The same at index 1, for a query of this state; raises while another one runs. */
struct tilth_pg *tilth_pg_check_idle(lua_State *L);

/* A box on the stack that owns one PGresult: to be closed, so that no error leaks it. */
struct tilth_pg_box {
    PGresult *result;
};
struct tilth_pg_box *tilth_pg_push_box(lua_State *L);
void tilth_pg_clear(struct tilth_pg_box *box);

enum tilth_pg_next {
    TILTH_PG_RESULT,  /* box->result is the next result */
    TILTH_PG_END,     /* there are no more */
    TILTH_PG_TIMEOUT, /* the query was cancelled because of the deadline; results drained
                       */
    TILTH_PG_BROKEN,  /* timeout, and the server did not answer: the connection is closed
                       */
};

/* The next result of the query that was sent. An interruption cancels the query and
 * raises. */
enum tilth_pg_next tilth_pg_next(lua_State *L, struct tilth_pg *pg,
                                 struct tilth_pg_box *box, double deadline);

/* How long a cancelled query may take to say so before the connection is given up. */
#define TILTH_PG_CANCEL_SECONDS 4.0
/* When the first request to cancel is repeated; each further pause is twice as long. */
#define TILTH_PG_CANCEL_AGAIN_SECONDS 0.1

/* Asks the server to end the running query; false: the request did not reach it in time.
 */
bool tilth_pg_cancel(lua_State *L, struct tilth_pg *pg, double deadline);

/* Cancels the running query and drains its results; closes the connection when it hangs.
 */
void tilth_pg_stop(lua_State *L, struct tilth_pg *pg);

/* Reads what is left of a query that has nothing more to do; cancels it when it hangs. */
void tilth_pg_drain(lua_State *L, struct tilth_pg *pg);

/* Waits until the connection can be read or written (events of poll), handling
 * interruption. */
enum tilth_wait tilth_pg_wait(lua_State *L, struct tilth_pg *pg, short events,
                              double deadline);

/* Sends what libpq still holds. false: the connection is lost or the deadline has passed.
 */
bool tilth_pg_flush(lua_State *L, struct tilth_pg *pg, double deadline);

/* nil, message, SQLSTATE, detail for a failed result. `statement` counts from 1, 0
 * unknown. */
int tilth_pg_fail_result(lua_State *L, struct tilth_pg *pg, const PGresult *result,
                         int statement);

/* nil, message, SQLSTATE, detail for a connection that failed or was lost. */
int tilth_pg_fail_connection(lua_State *L, struct tilth_pg *pg);

/* nil, message, 57014, detail for a query that ran into its deadline. */
int tilth_pg_fail_timeout(lua_State *L);

/* Pushes the table that describes an error or a notice. */
void tilth_pg_push_fields(lua_State *L, const PGresult *result);

/* Pushes the Lua form of a result: rows keyed by column name, columns, count, command. */
void tilth_pg_push_result(lua_State *L, const PGresult *result);

/* Writes a number as PostgreSQL reads it, and returns the length; reads one that it
 * wrote. */
int tilth_pg_write_number(char out[40], double value);
double tilth_pg_read_number(const char *text);

/* Calls the function below `arguments` values on the stack. Its errors are dropped,
 * because they must not jump through libpq or leave a query behind; an interruption in it
 * is left to the wait that follows. */
void tilth_pg_call_back(lua_State *L, int arguments);

/* Methods, one file each. */
int tilth_pg_query(lua_State *L);
int tilth_pg_script(lua_State *L);
int tilth_pg_copy_in(lua_State *L);
int tilth_pg_copy_out(lua_State *L);
int tilth_pg_connect(lua_State *L);
int tilth_pg_array(lua_State *L);

/* Adds to the table of libpq's keywords at `index`, by a copy in its place, those that
 * variables of the state's own stand for. Nothing without such. */
void tilth_pg_variables(lua_State *L, int index);

#endif
