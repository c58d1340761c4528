/* Rows on their way into a COPY: the columns and the row at hand. */
#ifndef TILTH_PG_COPY_ROWS_H
#define TILTH_PG_COPY_ROWS_H

#include "pg_copy.h"

/* Types of Lua that a column takes as they are. */
#define STRINGS 1
#define INTEGERS 2
#define FLOATS 4
#define BOOLEANS 8

struct column {
    bool made;            /* no row gives the value: it is made for every one */
    const void *identity; /* of the key, as long as it is a short string */
    unsigned char passes;
    bool needed; /* a row without it ends the COPY */
    bool bytes;  /* strings are bytea */
    bool labels; /* strings are looked up */
    bool converted;
};

enum kind { MISSING, NOTHING, BOOLEAN, INTEGER, FLOAT, TEXT, BYTES, FOREIGN };

/* What a row holds for a column. Texts belong to the row, which is on the stack. */
struct cell {
    enum kind kind;
    size_t length;
    union {
        const char *text;
        lua_Integer integer;
        double number;
        bool boolean;
    } value;
};

/* The stack indexes are absolute. */
struct rows {
    int count, needed;
    int keys, positions, converters, labels; /* tables by column, `positions` by key */
    int fail;                                /* function, or nil */
    int row;                                 /* the current row */
    bool exact;                              /* a row with another key ends the COPY */
    lua_Integer number;
    struct column *columns;
    struct cell *cells;
    int *order; /* which column the entries of the row before belonged to */
};

/* Reads the list of columns into a userdata on the stack, with the tables it needs below
 * it and the function `fail` of the options above. */
struct rows *tilth_copy_push_rows(lua_State *L, int list, int options);

#endif
