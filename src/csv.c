/* tilth.core.csv: comma-separated values (RFC 4180), record by record out of chunks of
 * text. A record that is not complete yet is gone on with, not begun again. */
#include "core.h"
#include "csv.h"

#include <lauxlib.h>
#include <string.h>

static const char *const TYPE = "tilth.csv.parser";

/* User values of the parser. */
enum { TEXT = 1, FIELDS, EMPTY, HEADER };

static struct parser *check_parser(lua_State *L)
{
    return luaL_checkudata(L, 1, TYPE);
}

/* parser = csv.parser(delimiter [, empty]): empty is what an empty unquoted field
 * becomes */
static int csv_parser(lua_State *L)
{
    size_t length;
    const char *delimiter = luaL_checklstring(L, 1, &length);
    luaL_argcheck(L, length == 1 && strchr("\"\r\n", *delimiter) == NULL, 1,
                  "one byte, and no quote or line end, expected");
    lua_settop(L, 2);
    struct parser *parser = lua_newuserdatauv(L, sizeof *parser, HEADER);
    *parser = (struct parser){.line = 1, .delimiter = (unsigned char)*delimiter};
    luaL_setmetatable(L, TYPE);
    parser->text = tilth_buffer_new(L);
    lua_setiuservalue(L, 3, TEXT);
    parser->fields = tilth_buffer_new(L);
    lua_setiuservalue(L, 3, FIELDS);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, 3, EMPTY);
    return 1;
}

/* The next record begins at this offset, whatever was seen of it. */
static void begin_record(struct parser *parser, size_t offset)
{
    parser->start = parser->at = offset;
    parser->inner = 0;
    parser->count = 0;
    parser->state = BEGIN;
}

/* Takes the consumed text out of the buffer. */
static void compact(struct parser *parser)
{
    struct tilth_buffer *text = parser->text;
    if (parser->start == 0)
        return;
    memmove(text->data, text->data + parser->start, text->length - parser->start);
    text->length -= parser->start;
    parser->before += (lua_Integer)parser->start;
    parser->at -= parser->start;
    parser->start = 0;
}

/* parser:feed([text]): the next chunk; without one the input has ended */
static int parser_feed(lua_State *L)
{
    struct parser *parser = check_parser(L);
    if (lua_isnoneornil(L, 2)) {
        parser->ended = true;
        return 0;
    }
    size_t length;
    const char *text = luaL_checklstring(L, 2, &length);
    compact(parser);
    tilth_buffer_add(L, parser->text, text, length);
    return 0;
}

/* parser:skip(count): passes over bytes at the start of a record */
static int parser_skip(lua_State *L)
{
    struct parser *parser = check_parser(L);
    lua_Integer count = luaL_checkinteger(L, 2);
    size_t left = parser->text->length - parser->start;
    luaL_argcheck(L, count >= 0 && (lua_Unsigned)count <= left, 2, "more than there is");
    begin_record(parser, parser->start + (size_t)count);
    return 0;
}

static struct field *field_at(struct parser *parser, size_t index)
{
    return (struct field *)(void *)parser->fields->data + index;
}

/* Pushes a field's text, or what stands for an empty one. */
static void push_field(lua_State *L, struct parser *parser, const struct field *field)
{
    const char *text = parser->text->data + parser->start + field->start;
    size_t length = field->end - field->start;
    if (length == 0 && !field->quoted) {
        lua_getiuservalue(L, 1, EMPTY);
    } else if (!field->doubled) {
        lua_pushlstring(L, text, length);
    } else {
        luaL_Buffer buffer;
        char *out = luaL_buffinitsize(L, &buffer, length);
        size_t used = 0;
        for (size_t i = 0; i < length; i++) {
            out[used++] = text[i];
            i += text[i] == '"';
        }
        luaL_pushresultsize(&buffer, used);
    }
}

/* Leaves the record behind. */
static void consume(struct parser *parser)
{
    parser->line += 1 + parser->inner;
    begin_record(parser, parser->at);
}

static bool is_blank(struct parser *parser)
{
    const struct field *field = field_at(parser, 0);
    return parser->count == 1 && !field->quoted && field->start == field->end;
}

/* The next record, with blank lines passed over where `width` is not 1. RECORD: it is to
 * be consumed; else the results of the method have been pushed. */
static enum outcome next_record(lua_State *L, struct parser *parser, lua_Integer width)
{
    for (;;) {
        enum outcome outcome = tilth_csv_scan(L, parser);
        if (outcome == RECORD && width != 1 && is_blank(parser)) {
            consume(parser);
            continue;
        }
        if (outcome == MORE)
            lua_pushboolean(L, 0);
        else if (outcome == OVER)
            lua_pushnil(L);
        return outcome;
    }
}

static int fail(lua_State *L, lua_Integer line)
{
    lua_pushnil(L);
    lua_insert(L, -2);
    lua_pushinteger(L, line);
    return 3;
}

/* fields, count, line | false | nil, message, line = parser:fields([width]): the next
 * record as a list; false: feed me; nil alone: the input is over */
static int parser_fields(lua_State *L)
{
    struct parser *parser = check_parser(L);
    lua_Integer width = luaL_optinteger(L, 2, 0);
    enum outcome outcome = next_record(L, parser, width);
    if (outcome == BROKEN)
        return fail(L, parser->line);
    if (outcome != RECORD)
        return 1;
    lua_createtable(L, (int)parser->count, 0);
    for (size_t i = 0; i < parser->count; i++) {
        push_field(L, parser, field_at(parser, i));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_pushinteger(L, (lua_Integer)parser->count);
    lua_pushinteger(L, parser->line);
    consume(parser);
    return 3;
}

/* parser:header(names): the keys of the rows */
static int parser_header(lua_State *L)
{
    check_parser(L);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    lua_setiuservalue(L, 1, HEADER);
    return 0;
}

/* row, line | false | nil, message, line = parser:row(): the next record, keyed by the
 * header; false: feed me; nil alone: the input is over */
static int parser_row(lua_State *L)
{
    struct parser *parser = check_parser(L);
    lua_settop(L, 1);
    if (lua_getiuservalue(L, 1, HEADER) != LUA_TTABLE)
        return luaL_error(L, "parser:header comes first");
    lua_Integer width = (lua_Integer)lua_rawlen(L, 2);
    enum outcome outcome = next_record(L, parser, width);
    if (outcome == BROKEN)
        return fail(L, parser->line);
    if (outcome != RECORD)
        return 1;
    if ((lua_Integer)parser->count != width) {
        lua_pushfstring(L, "%d fields where the header names %I columns",
                        (int)parser->count, (LUAI_UACINT)width);
        return fail(L, parser->line);
    }
    lua_createtable(L, 0, (int)width);
    for (size_t i = 0; i < parser->count; i++) {
        lua_rawgeti(L, 2, (lua_Integer)i + 1);
        push_field(L, parser, field_at(parser, i));
        lua_rawset(L, 3);
    }
    lua_pushinteger(L, parser->line);
    consume(parser);
    return 2;
}

/* text = parser:rest(): what has been fed and not been read; the parser forgets it */
static int parser_rest(lua_State *L)
{
    struct parser *parser = check_parser(L);
    if (parser->text->data != NULL)
        lua_pushlstring(L, parser->text->data + parser->start,
                        parser->text->length - parser->start);
    else
        lua_pushliteral(L, "");
    parser->before += (lua_Integer)parser->start;
    parser->text->length = 0;
    begin_record(parser, 0);
    return 1;
}

/* integer = parser:line(): the line at which the next record begins */
static int parser_line(lua_State *L)
{
    lua_pushinteger(L, check_parser(L)->line);
    return 1;
}

/* integer = parser:offset(): the bytes before the next record */
static int parser_offset(lua_State *L)
{
    struct parser *parser = check_parser(L);
    lua_pushinteger(L, parser->before + (lua_Integer)parser->start);
    return 1;
}

int luaopen_tilth_core_csv(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"feed", parser_feed}, {"fields", parser_fields}, {"header", parser_header},
        {"line", parser_line}, {"offset", parser_offset}, {"rest", parser_rest},
        {"row", parser_row},   {"skip", parser_skip},     {NULL, NULL},
    };
    static const luaL_Reg functions[] = {{"parser", csv_parser}, {NULL, NULL}};
    if (luaL_newmetatable(L, TYPE)) {
        luaL_newlib(L, methods);
        lua_setfield(L, -2, "__index");
    }
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
