/* Small blocks from large ones, and a collector that rests at first: see allocator.h. */
#include "allocator.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP 16                           /* the sizes of small blocks differ by it */
#define LARGEST 512                       /* of the small blocks */
#define CHUNK (64 * 1024)                 /* is cut into small blocks */
#define AT_REST (4 * (size_t)1024 * 1024) /* below it the collector rests */

struct chunk {
    struct chunk *next;
    _Alignas(STEP) char bytes[CHUNK - STEP];
};

struct block {
    struct block *next;
};

struct allocator {
    lua_State *L;
    struct chunk *chunks;
    char *at; /* the rest of the newest chunk */
    size_t left;
    struct block *freed[LARGEST / STEP + 1];
    size_t used;
    bool resting;
};

static size_t class_of(size_t size)
{
    return (size + STEP - 1) / STEP;
}

static void *take(struct allocator *allocator, size_t size)
{
    size_t class = class_of(size);
    struct block *block = allocator->freed[class];
    if (block != NULL) {
        allocator->freed[class] = block->next;
        return block;
    }
    if (allocator->left < class * STEP) {
        struct chunk *chunk = malloc(sizeof *chunk);
        if (chunk == NULL)
            return NULL;
        chunk->next = allocator->chunks;
        allocator->chunks = chunk;
        allocator->at = chunk->bytes;
        allocator->left = sizeof chunk->bytes;
    }
    void *result = allocator->at;
    allocator->at += class * STEP;
    allocator->left -= class * STEP;
    return result;
}

static void give(struct allocator *allocator, void *pointer, size_t size)
{
    struct block *block = pointer;
    size_t class = class_of(size);
    block->next = allocator->freed[class];
    allocator->freed[class] = block;
}

/* Moves a block between the small ones and those of the system, or among the small. */
static void *move(struct allocator *allocator, void *block, size_t before, size_t after)
{
    void *moved = after <= LARGEST ? take(allocator, after) : malloc(after);
    if (moved == NULL)
        return NULL;
    memcpy(moved, block, before < after ? before : after);
    if (before <= LARGEST)
        give(allocator, block, before);
    else
        free(block);
    return moved;
}

static void *allocate(void *data, void *block, size_t before, size_t after)
{
    struct allocator *allocator = data;
    if (block == NULL)
        before = 0; /* Lua tells the type of the new object by it */
    allocator->used = allocator->used + after - before;
    /* Starting it touches nothing but the collector's state, so it may be done here. It
     * is refused while a finalizer runs: then the next time will do. */
    if (allocator->resting && allocator->used > AT_REST)
        allocator->resting = lua_gc(allocator->L, LUA_GCRESTART) != 0;
    if (after == 0) {
        if (before > LARGEST)
            free(block);
        else if (block != NULL)
            give(allocator, block, before);
        return NULL;
    }
    void *result;
    if (block == NULL)
        result = after <= LARGEST ? take(allocator, after) : malloc(after);
    else if (before > LARGEST && after > LARGEST)
        result = realloc(block, after);
    else if (before <= LARGEST && after <= LARGEST && class_of(before) == class_of(after))
        result = block;
    else
        result = move(allocator, block, before, after);
    if (result == NULL)
        allocator->used = allocator->used + before - after;
    return result;
}

static int panic(lua_State *L)
{
    fprintf(stderr, "tilth: a bug in tilth: %s\n", lua_tostring(L, -1));
    return 0; /* Lua aborts */
}

lua_State *tilth_state_new(void)
{
    struct allocator *allocator = calloc(1, sizeof *allocator);
    if (allocator == NULL)
        return NULL;
    lua_State *L = lua_newstate(allocate, allocator);
    if (L == NULL) {
        free(allocator);
        return NULL;
    }
    lua_atpanic(L, panic);
    *(struct allocator **)lua_getextraspace(L) = allocator;
    allocator->L = L;
    allocator->resting = true;
    lua_gc(L, LUA_GCSTOP);
    return L;
}

void tilth_state_close(lua_State *L)
{
    struct allocator *allocator = *(struct allocator **)lua_getextraspace(L);
    lua_close(L);
    while (allocator->chunks != NULL) {
        struct chunk *chunk = allocator->chunks;
        allocator->chunks = chunk->next;
        free(chunk);
    }
    free(allocator);
}
