/* A running COPY FROM STDIN, shared by the files that send to it. */
#ifndef TILTH_PG_COPY_H
#define TILTH_PG_COPY_H

#include "pg.h"

#include <stdio.h>
#include <string.h>

/* What is gathered before it is sent. */
#define TILTH_COPY_CHUNK 65536

/* Owns what a running COPY needs; closing it while active aborts the COPY. */
struct tilth_copy {
    struct tilth_pg *pg;
    bool active;
    bool ended; /* all rows of a COPY TO have come: nothing is left to cancel */
    char *buffer;
    size_t used, size;
    FILE *keep; /* gets what is sent, NULL: nothing, or it could not be written */
};

/* The buffer grows to `size` bytes more than are used; raises when there is no memory. */
char *tilth_copy_grow(lua_State *L, struct tilth_copy *copy, size_t size);

/* Room for `size` bytes more. */
static inline char *tilth_copy_reserve(lua_State *L, struct tilth_copy *copy, size_t size)
{
    if (size > copy->size - copy->used)
        return tilth_copy_grow(L, copy, size);
    return copy->buffer + copy->used;
}

/* Sends what has gathered. false: the connection is lost, or the server has ended the
 * COPY. */
bool tilth_copy_flush(lua_State *L, struct tilth_copy *copy);

/* Sends rows: the arguments `source`, `columns` and `options` of conn:copy_in stand at
 * these stack indexes. Leaves in the table `options` how many rows there were, the row
 * that ended the COPY early, and whether `keep` was lost. */
bool tilth_copy_send_rows(lua_State *L, struct tilth_copy *copy, int source, int columns,
                          int options);

/* Appends text as it is. */
static inline void tilth_copy_put(lua_State *L, struct tilth_copy *copy, const char *text,
                                  size_t length)
{
    memcpy(tilth_copy_reserve(L, copy, length), text, length);
    copy->used += length;
}

static inline void tilth_copy_put_char(lua_State *L, struct tilth_copy *copy, char c)
{
    *tilth_copy_reserve(L, copy, 1) = c;
    copy->used++;
}

/* Appends text with its backslashes, tabs and line ends escaped. */
void tilth_copy_put_text(lua_State *L, struct tilth_copy *copy, const char *text,
                         size_t length);

/* Appends bytes as bytea reads them. */
void tilth_copy_put_bytes(lua_State *L, struct tilth_copy *copy, const char *text,
                          size_t length);
void tilth_copy_put_integer(lua_State *L, struct tilth_copy *copy, lua_Integer value);

#endif
