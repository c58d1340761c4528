/* json.encode: Lua values to JSON text. */
#include "buffer.h"
#include "json.h"

#include <lauxlib.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_LEVELS 1000
#define LONGEST_PATH 160

struct encoder {
    lua_State *L;
    struct tilth_buffer *out;
    int indent; /* negative: everything on one line */
    bool sort;
    bool replace; /* what JSON cannot hold: U+FFFD, or a number's name, and no error */
    int level;
    char path[LONGEST_PATH]; /* where the encoder is, for messages: ".steps[2]" */
    size_t path_length;
};

struct key {
    const char *text;
    size_t length;
};

static void encode_value(struct encoder *encoder);

static void add(struct encoder *encoder, const char *text, size_t length)
{
    tilth_buffer_add(encoder->L, encoder->out, text, length);
}

static void fail(struct encoder *encoder, const char *reason)
{
    luaL_error(encoder->L, "cannot encode as JSON: %s%s%s", reason,
               encoder->path_length > 0 ? " at " : "", encoder->path);
}

/* Takes one more step of the path; the length to go back to. A path too long is cut. */
static size_t enter(struct encoder *encoder, const char *step)
{
    size_t before = encoder->path_length;
    size_t room = sizeof encoder->path - before;
    int length = snprintf(encoder->path + before, room, "%s", step);
    encoder->path_length =
        length < (int)room ? before + (size_t)length : LONGEST_PATH - 1;
    return before;
}

static void leave(struct encoder *encoder, size_t before)
{
    encoder->path_length = before;
    encoder->path[before] = '\0';
}

static void new_line(struct encoder *encoder)
{
    if (encoder->indent < 0)
        return;
    add(encoder, "\n", 1);
    for (int i = 0; i < encoder->indent * encoder->level; i++)
        add(encoder, " ", 1);
}

/* The bytes of the UTF-8 character at `text`, 0 when there is none (RFC 3629). */
static size_t character_length(const unsigned char *text, size_t left)
{
    if (text[0] < 0x80)
        return text[0] == 0 ? 0 : 1;
    size_t length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    if (text[0] < 0xc2 || text[0] > 0xf4 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
        (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
        return 0;
    return length;
}

static void encode_escape(struct encoder *encoder, unsigned char character)
{
    static const char plain[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    const char *found = strchr(plain, character);
    char text[8];
    int length = found != NULL
                     ? snprintf(text, sizeof text, "\\%c", letters[found - plain])
                     : snprintf(text, sizeof text, "\\u%04x", character);
    add(encoder, text, (size_t)length);
}

static void encode_string(struct encoder *encoder, const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t begin = 0;
    add(encoder, "\"", 1);
    for (size_t i = 0; i < length;) {
        size_t size = character_length(bytes + i, length - i);
        if (size > 0 && bytes[i] >= 0x20 && bytes[i] != '"' && bytes[i] != '\\') {
            i += size;
            continue;
        }
        add(encoder, text + begin, i - begin);
        if (size > 0)
            encode_escape(encoder, bytes[i]);
        else if (encoder->replace)
            add(encoder, "\xEF\xBF\xBD", 3);
        else
            fail(encoder, bytes[i] == 0 ? "a string with a zero byte"
                                        : "a string that is not UTF-8");
        begin = ++i;
    }
    add(encoder, text + begin, length - begin);
    add(encoder, "\"", 1);
}

/* As PostgreSQL's to_json writes a number that JSON has no form for. */
static void encode_infinite(struct encoder *encoder, lua_Number number)
{
    const char *name = isnan(number) ? "\"NaN\""
                       : number > 0  ? "\"Infinity\""
                                     : "\"-Infinity\"";
    if (!encoder->replace)
        fail(encoder, isnan(number) ? "a number that is NaN" : "an infinite number");
    add(encoder, name, strlen(name));
}

static void encode_float(struct encoder *encoder, lua_Number number)
{
    char text[40];
    int length = 0;
    if (!isfinite(number)) {
        encode_infinite(encoder, number);
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        length = snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    bool whole = true;
    for (int i = 0; i < length; i++) {
        if (strchr("0123456789+-e", text[i]) == NULL)
            text[i] = '.'; /* a host program's locale may write a comma */
        if (text[i] == '.' || text[i] == 'e')
            whole = false;
    }
    add(encoder, text, (size_t)length);
    if (whole)
        add(encoder, ".0", 2); /* a float stays one when it is read again */
}

static void encode_number(struct encoder *encoder)
{
    if (!lua_isinteger(encoder->L, -1)) {
        encode_float(encoder, lua_tonumber(encoder->L, -1));
        return;
    }
    char text[24];
    int length = snprintf(text, sizeof text, LUA_INTEGER_FMT,
                          (LUAI_UACINT)lua_tointeger(encoder->L, -1));
    add(encoder, text, (size_t)length);
}

static void encode_list(struct encoder *encoder, lua_Integer count)
{
    lua_State *L = encoder->L;
    add(encoder, "[", 1);
    encoder->level++;
    for (lua_Integer i = 1; i <= count; i++) {
        char step[32];
        snprintf(step, sizeof step, "[" LUA_INTEGER_FMT "]", (LUAI_UACINT)i);
        size_t before = enter(encoder, step);
        if (i > 1)
            add(encoder, ",", 1);
        new_line(encoder);
        if (lua_rawgeti(L, -1, i) == LUA_TNIL)
            fail(encoder, "a list with a hole (use json.null)");
        encode_value(encoder);
        lua_pop(L, 1);
        leave(encoder, before);
    }
    encoder->level--;
    if (count > 0)
        new_line(encoder);
    add(encoder, "]", 1);
}

/* The member whose key and value are on top of the stack. */
static void encode_member(struct encoder *encoder, bool first)
{
    size_t length;
    const char *key = lua_tolstring(encoder->L, -2, &length);
    size_t before = enter(encoder, ".");
    enter(encoder, key);
    if (!first)
        add(encoder, ",", 1);
    new_line(encoder);
    encode_string(encoder, key, length);
    add(encoder, ": ", encoder->indent < 0 ? 1 : 2);
    encode_value(encoder);
    leave(encoder, before);
}

static void encode_members(struct encoder *encoder)
{
    lua_State *L = encoder->L;
    bool first = true;
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
        encode_member(encoder, first);
        first = false;
    }
}

static int compare_keys(const void *left, const void *right)
{
    const struct key *a = left;
    const struct key *b = right;
    int order = memcmp(a->text, b->text, a->length < b->length ? a->length : b->length);
    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

/* The keys' texts stay valid: the table holds them, and nothing changes it meanwhile. */
static void encode_members_sorted(struct encoder *encoder, size_t count)
{
    lua_State *L = encoder->L;
    int table = lua_gettop(L);
    struct key *keys = lua_newuserdatauv(L, count * sizeof *keys, 0);
    size_t i = 0;
    for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1), i++)
        keys[i].text = lua_tolstring(L, -2, &keys[i].length);
    qsort(keys, count, sizeof *keys, compare_keys);
    for (i = 0; i < count; i++) {
        lua_pushlstring(L, keys[i].text, keys[i].length);
        lua_pushvalue(L, -1);
        lua_rawget(L, table);
        encode_member(encoder, i == 0);
        lua_pop(L, 2);
    }
    lua_pop(L, 1);
}

static bool is_marked(lua_State *L)
{
    if (!lua_getmetatable(L, -1))
        return false;
    tilth_json_push_array_mark(L);
    bool marked = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return marked;
}

/* Counts the entries of the table on top; how many of the keys are strings. */
static size_t count_entries(struct encoder *encoder, size_t *strings)
{
    lua_State *L = encoder->L;
    size_t entries = 0;
    *strings = 0;
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
        entries++;
        if (lua_type(L, -2) == LUA_TSTRING)
            ++*strings;
        else if (!lua_isinteger(L, -2))
            fail(encoder, "a table with a key that is neither text nor a whole number");
    }
    return entries;
}

static void encode_table(struct encoder *encoder)
{
    lua_State *L = encoder->L;
    if (encoder->level >= MOST_LEVELS)
        fail(encoder, "tables nested too deeply (does one hold itself?)");
    luaL_checkstack(L, 8, "JSON nested too deeply");
    size_t strings;
    size_t entries = count_entries(encoder, &strings);
    bool marked = is_marked(L);
    if (strings > 0 && (marked || strings < entries))
        fail(encoder, "a table that is both a list and an object");
    if (marked || (entries > 0 && strings == 0)) {
        if (lua_rawlen(L, -1) != entries)
            fail(encoder, "a list with a hole (use json.null)");
        encode_list(encoder, (lua_Integer)entries);
        return;
    }
    add(encoder, "{", 1);
    encoder->level++;
    if (encoder->sort && entries > 1)
        encode_members_sorted(encoder, entries);
    else
        encode_members(encoder);
    encoder->level--;
    if (entries > 0)
        new_line(encoder);
    add(encoder, "}", 1);
}

/* The value on top of the stack, which stays there. */
static void encode_value(struct encoder *encoder)
{
    lua_State *L = encoder->L;
    size_t length;
    switch (lua_type(L, -1)) {
    case LUA_TNIL:
        add(encoder, "null", 4);
        return;
    case LUA_TBOOLEAN:
        add(encoder, lua_toboolean(L, -1) ? "true" : "false",
            lua_toboolean(L, -1) ? 4 : 5);
        return;
    case LUA_TNUMBER:
        encode_number(encoder);
        return;
    case LUA_TSTRING: {
        const char *text = lua_tolstring(L, -1, &length);
        encode_string(encoder, text, length);
        return;
    }
    case LUA_TTABLE:
        encode_table(encoder);
        return;
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(L, -1) == NULL) {
            add(encoder, "null", 4);
            return;
        }
        break;
    }
    lua_pushfstring(L, "a %s", luaL_typename(L, -1));
    fail(encoder, lua_tostring(L, -1));
}

static bool boolean_option(lua_State *L, const char *name)
{
    lua_getfield(L, 2, name);
    bool value = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return value;
}

/* text = json.encode(value [, options]): options are indent (spaces a level), sort
 * (keys in byte order) and replace (U+FFFD for bytes that are not text, "NaN",
 * "Infinity" and "-Infinity" for numbers that are none). Raises on what JSON has no
 * form for. */
int tilth_json_encode(lua_State *L)
{
    struct encoder encoder = {.L = L, .indent = -1};
    luaL_checkany(L, 1);
    lua_settop(L, 2);
    if (!lua_isnil(L, 2)) {
        luaL_checktype(L, 2, LUA_TTABLE);
        encoder.sort = boolean_option(L, "sort");
        encoder.replace = boolean_option(L, "replace");
        lua_getfield(L, 2, "indent");
        lua_Integer indent = luaL_optinteger(L, -1, -1);
        luaL_argcheck(L, indent >= -1 && indent <= 16, 2, "indent is not 0 to 16");
        encoder.indent = (int)indent;
    }
    encoder.out = tilth_buffer_new(L);
    lua_toclose(L, -1);
    lua_pushvalue(L, 1);
    encode_value(&encoder);
    lua_pushlstring(L, encoder.out->data, encoder.out->length);
    return 1;
}
