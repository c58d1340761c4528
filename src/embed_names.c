/* Drops the names of local variables and upvalues from a binary chunk of Lua 5.4. */
#include "embed_names.h"

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if LUA_VERSION_NUM != 504
#error "the format of binary chunks is known for Lua 5.4 only"
#endif

/* lundump.h: signature, version, format, LUAC_DATA, three sizes, an integer and a number
 * to compare, and the number of upvalues of the main function. */
#define HEADER (4 + 1 + 1 + 6 + 3 + sizeof(lua_Integer) + sizeof(lua_Number) + 1)
#define INSTRUCTION 4 /* lundump.c writes sizeof(Instruction), an l_uint32 */
#define UPVALUE 3     /* instack, idx, kind */
#define NO_NAMES 0x80 /* the number 0, as lundump.c writes it */

/* lobject.h: the types of constants, with their variants. */
enum { NIL = 0x00, FALSE_ = 0x01, TRUE_ = 0x11, INTEGER = 0x03, FLOAT = 0x13 };
enum { SHORT_STRING = 0x04, LONG_STRING = 0x14 };

struct copy {
    const unsigned char *at, *end;
    unsigned char *to;
    bool failed;
};

static void take(struct copy *copy, size_t size)
{
    if ((size_t)(copy->end - copy->at) < size) {
        copy->failed = true;
        copy->at = copy->end;
        return;
    }
    if (copy->to != NULL) {
        memcpy(copy->to, copy->at, size);
        copy->to += size;
    }
    copy->at += size;
}

static unsigned char take_byte(struct copy *copy)
{
    unsigned char byte = copy->at < copy->end ? *copy->at : 0;
    take(copy, 1);
    return byte;
}

/* Seven bits a byte, the highest first; the last byte has its top bit set. */
static size_t take_number(struct copy *copy)
{
    size_t number = 0;
    unsigned char byte = 0;
    while (!copy->failed && (byte & 0x80) == 0) {
        copy->failed = number > SIZE_MAX >> 8;
        byte = take_byte(copy);
        number = number << 7 | (byte & 0x7f);
    }
    return number;
}

static void take_list(struct copy *copy, size_t size)
{
    size_t count = take_number(copy);
    if (count > (size_t)(copy->end - copy->at))
        copy->failed = true;
    else
        take(copy, count * size);
}

/* The length is written with one added; 0 stands for no string. */
static void take_string(struct copy *copy)
{
    size_t length = take_number(copy);
    if (length > 0)
        take(copy, length - 1);
}

static void take_constant(struct copy *copy)
{
    switch (take_byte(copy)) {
    case NIL:
    case FALSE_:
    case TRUE_:
        break;
    case INTEGER:
        take(copy, sizeof(lua_Integer));
        break;
    case FLOAT:
        take(copy, sizeof(lua_Number));
        break;
    case SHORT_STRING:
    case LONG_STRING:
        take_string(copy);
        break;
    default:
        copy->failed = true;
    }
}

static void take_names(struct copy *copy)
{
    unsigned char *to = copy->to;
    copy->to = NULL;
    for (size_t left = take_number(copy); left > 0 && !copy->failed; left--) {
        take_string(copy);
        take_number(copy);
        take_number(copy);
    }
    for (size_t left = take_number(copy); left > 0 && !copy->failed; left--)
        take_string(copy);
    *to++ = NO_NAMES;
    *to++ = NO_NAMES;
    copy->to = to;
}

static void take_function(struct copy *copy)
{
    take_string(copy); /* the source */
    take_number(copy); /* its first and last line */
    take_number(copy);
    take(copy, 3); /* parameters, vararg, stack */
    take_list(copy, INSTRUCTION);
    for (size_t left = take_number(copy); left > 0 && !copy->failed; left--)
        take_constant(copy);
    take_list(copy, UPVALUE);
    for (size_t left = take_number(copy); left > 0 && !copy->failed; left--)
        take_function(copy);
    take_list(copy, 1); /* the lines */
    for (size_t left = take_number(copy); left > 0 && !copy->failed; left--) {
        take_number(copy); /* and where they are told anew */
        take_number(copy);
    }
    if (!copy->failed)
        take_names(copy);
}

size_t embed_without_names(const unsigned char *chunk, size_t size, unsigned char *to)
{
    struct copy copy = {chunk, chunk + size, to, false};
    take(&copy, HEADER);
    take_function(&copy);
    return copy.failed || copy.at != copy.end ? 0 : (size_t)(copy.to - to);
}
