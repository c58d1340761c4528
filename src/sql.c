/* tilth.core.sql: SQL text cut into statements (sql_split.c) and parsed by libpg_query.
 */
#include "core.h"
#include "json.h"
#include "result.h"
#include "sql.h"

#include <lauxlib.h>
#include <pg_query.h>
#include <string.h>

static const char *const RESULT_TYPE = "tilth.sql.parse";

static int result_close(lua_State *L)
{
    PgQueryParseResult *result = lua_touserdata(L, 1);
    pg_query_free_parse_result(*result);
    memset(result, 0, sizeof *result);
    return 0;
}

static PgQueryParseResult *new_result(lua_State *L)
{
    static const luaL_Reg metamethods[] = {
        {"__gc", result_close}, {"__close", result_close}, {NULL, NULL}};
    PgQueryParseResult *result = lua_newuserdatauv(L, sizeof *result, 0);
    memset(result, 0, sizeof *result);
    if (luaL_newmetatable(L, RESULT_TYPE))
        luaL_setfuncs(L, metamethods, 0);
    lua_setmetatable(L, -2);
    return result;
}

int tilth_sql_fail(lua_State *L, const char *text, size_t offset, const char *reason)
{
    int line = 1;
    int column = 1;
    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)text[i] & 0xc0) != 0x80) {
            column++;
        }
    }
    tilth_fail(L, "syntax", "line %d, column %d: %s", line, column, reason);
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, (lua_Integer)offset + 1);
    lua_setfield(L, -2, "position");
    lua_pushinteger(L, line);
    lua_setfield(L, -2, "line");
    lua_pushinteger(L, column);
    lua_setfield(L, -2, "column_number");
    return 4;
}

/* The bytes before character number `character`, which counts from 1; 0 stands for the
 * end. */
static size_t byte_offset(const char *text, size_t length, int character)
{
    size_t offset = 0;
    if (character <= 0)
        return length;
    for (int i = 1; i < character && offset < length; i++) {
        offset++;
        while (offset < length && ((unsigned char)text[offset] & 0xc0) == 0x80)
            offset++;
    }
    return offset;
}

/* tree | nil, message, "syntax", detail = sql.parse(text): libpg_query's tree, {
 * version, stmts }; detail has position, line and column_number */
static int sql_parse(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    const char *zero = memchr(text, '\0', length);
    if (zero != NULL)
        return tilth_sql_fail(L, text, (size_t)(zero - text), "a zero byte");
    PgQueryParseResult *result = new_result(L);
    lua_toclose(L, -1);
    json_t **tree = tilth_json_box(L);
    lua_toclose(L, -1);
    *result = pg_query_parse(text);
    if (result->error != NULL)
        return tilth_sql_fail(L, text,
                              byte_offset(text, length, result->error->cursorpos),
                              result->error->message);
    json_error_t error;
    *tree = json_loads(result->parse_tree, 0, &error);
    if (*tree == NULL)
        return tilth_fail(L, "failed", "cannot read the parser's tree: %s", error.text);
    tilth_json_push(L, *tree);
    return 1;
}

int luaopen_tilth_core_sql(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"split", tilth_sql_split}, {"parse", sql_parse}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
