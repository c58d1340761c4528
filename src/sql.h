/* What the files of tilth.core.sql share. */
#ifndef TILTH_SQL_H
#define TILTH_SQL_H

#include <lua.h>
#include <stddef.h>

/* nil, "line l, column c: reason", "syntax", { position, line, column_number }; the
 * offset counts bytes from 0, the column characters from 1. */
int tilth_sql_fail(lua_State *L, const char *text, size_t offset, const char *reason);

/* { { text, position, line } } | nil, message, "syntax", detail = sql.split(text) */
int tilth_sql_split(lua_State *L);

#endif
