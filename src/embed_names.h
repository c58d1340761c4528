/* Part of the build tool embed-lua: bytecode without the names of local variables. */
#ifndef TILTH_EMBED_NAMES_H
#define TILTH_EMBED_NAMES_H

#include <stddef.h>

/* Copies a binary chunk of Lua 5.4 to `to` (at least `size` bytes) without the names of
 * local variables and upvalues, and with its line numbers. A third of a module's strings
 * are such names, and each costs time at every start; only the debugger and the "(local
 * 'x')" of a message about a bug use them. Gives the length of the copy, or 0 when the
 * chunk is not in the format that this knows (lundump.c of Lua 5.4). */
size_t embed_without_names(const unsigned char *chunk, size_t size, unsigned char *to);

#endif
