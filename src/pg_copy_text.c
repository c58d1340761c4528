/* Values in COPY's text format. */
#include "pg_copy.h"

#include <string.h>

void tilth_copy_put_text(lua_State *L, struct tilth_copy *copy, const char *text,
                         size_t length)
{
    static const char escapes[256] = {
        ['\\'] = '\\', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    char *out = tilth_copy_reserve(L, copy, 2 * length);
    for (size_t i = 0; i < length; i++) {
        char c = text[i], escape = escapes[(unsigned char)c];
        if (escape != 0) {
            *out++ = '\\';
            c = escape;
        }
        *out++ = c;
    }
    copy->used = (size_t)(out - copy->buffer);
}

void tilth_copy_put_bytes(lua_State *L, struct tilth_copy *copy, const char *text,
                          size_t length)
{
    static const char digits[] = "0123456789abcdef";
    tilth_copy_put(L, copy, "\\\\x", 3);
    char *out = tilth_copy_reserve(L, copy, 2 * length);
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        *out++ = digits[byte >> 4];
        *out++ = digits[byte & 15];
    }
    copy->used = (size_t)(out - copy->buffer);
}

void tilth_copy_put_integer(lua_State *L, struct tilth_copy *copy, lua_Integer value)
{
    char digits[24];
    size_t start = sizeof digits;
    lua_Unsigned left = value < 0 ? 0 - (lua_Unsigned)value : (lua_Unsigned)value;
    do {
        digits[--start] = (char)('0' + left % 10);
        left /= 10;
    } while (left != 0);
    if (value < 0)
        digits[--start] = '-';
    tilth_copy_put(L, copy, digits + start, sizeof digits - start);
}
