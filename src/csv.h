/* A CSV record under reading. */
#ifndef TILTH_CSV_H
#define TILTH_CSV_H

#include "buffer.h"

#include <lua.h>
#include <stdbool.h>

/* Where a field is: offsets from the record's start, without its quotes. */
struct field {
    size_t start, end;
    bool quoted, doubled;
};

enum state { BEGIN, PLAIN, QUOTED, CLOSED };

struct parser {
    struct tilth_buffer *text;   /* what is not consumed yet begins at `start` */
    struct tilth_buffer *fields; /* of the record at hand; `count` of them are complete */
    size_t start, at;            /* the record, and how far it has been looked at */
    size_t count;
    struct field field; /* the one at hand */
    enum state state;
    bool ended; /* no more text will come */
    unsigned char delimiter;
    lua_Integer line, inner; /* of the record; line ends within its quotes */
    lua_Integer before;      /* bytes that have left the buffer */
};

enum outcome { RECORD, MORE, OVER, BROKEN };

/* Goes on with the record until it is complete (RECORD), the text is not enough (MORE),
 * the input is over (OVER), or something is wrong (BROKEN, with the message pushed). */
enum outcome tilth_csv_scan(lua_State *L, struct parser *parser);

#endif
