/* Build tool: compiles Lua files to bytecode (with line numbers, without names of local
 * variables) and prints them as C.
 * Usage: embed-lua NAME=CHUNKNAME=FILE... ; NAME is the module, CHUNKNAME stands in
 * messages. */
#include "embed_names.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct chunk {
    unsigned char bytes[1 << 20];
    size_t size;
};

static int append(lua_State *L, const void *data, size_t size, void *to)
{
    (void)L;
    struct chunk *chunk = to;
    if (size > sizeof chunk->bytes - chunk->size)
        return 1;
    memcpy(chunk->bytes + chunk->size, data, size);
    chunk->size += size;
    return 0;
}

static void print_bytes(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        printf("%u,", bytes[i]);
        if (i % 32 == 31)
            putchar('\n');
    }
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Cuts NAME=CHUNKNAME=FILE into three strings in place, so that sorting sees the name
 * alone. */
static void cut(char *argument)
{
    char *chunk = strchr(argument, '=');
    char *file = chunk != NULL ? strchr(chunk + 1, '=') : NULL;
    if (file == NULL) {
        fprintf(stderr, "embed-lua: not NAME=CHUNKNAME=FILE: %s\n", argument);
        exit(2);
    }
    *chunk = *file = '\0';
}

static void emit(int number, const char *name)
{
    const char *chunk = name + strlen(name) + 1;
    const char *file = chunk + strlen(chunk) + 1;
    lua_State *L = luaL_newstate();
    FILE *input = fopen(file, "rb");
    static char text[1 << 20];
    size_t size = input != NULL ? fread(text, 1, sizeof text, input) : 0;
    if (L == NULL || input == NULL || size == sizeof text || ferror(input)) {
        perror(file);
        exit(1);
    }
    fclose(input);
    lua_pushfstring(L, "@%s", chunk);
    if (luaL_loadbufferx(L, text, size, lua_tostring(L, -1), "t") != LUA_OK) {
        fprintf(stderr, "embed-lua: %s\n", lua_tostring(L, -1));
        exit(1);
    }
    static struct chunk whole, shorter;
    whole.size = 0;
    if (lua_dump(L, append, &whole, 0) != 0 ||
        (shorter.size = embed_without_names(whole.bytes, whole.size, shorter.bytes)) ==
            0 ||
        luaL_loadbufferx(L, (char *)shorter.bytes, shorter.size, chunk, "b") != LUA_OK) {
        fprintf(stderr, "embed-lua: %s: cannot make bytecode without names\n", file);
        exit(1);
    }
    printf("static const unsigned char code_%d[] = {\n", number);
    print_bytes(shorter.bytes, shorter.size);
    printf("};\n");
    lua_close(L);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        cut(argv[i]);
    qsort(argv + 1, (size_t)(argc - 1), sizeof *argv, compare);
    printf("#include \"embed.h\"\n\n");
    for (int i = 1; i < argc; i++)
        emit(i, argv[i]);
    printf("const struct tilth_module tilth_modules[] = {\n");
    for (int i = 1; i < argc; i++)
        printf("    {\"%s\", code_%d, sizeof code_%d},\n", argv[i], i, i);
    printf("};\nconst size_t tilth_module_count = %d;\n", argc - 1);
    return ferror(stdout) || fflush(stdout) != 0 ? 1 : 0;
}
