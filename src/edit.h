/* Reading lines: what the plain reader and the line editor share. */
#ifndef TILTH_EDIT_H
#define TILTH_EDIT_H

#include <lua.h>
#include <stdbool.h>
#include <sys/types.h>

struct tilth_line_editor;

/* The next bytes of standard input. -1 with errno EINTR: interrupted, 0: the end. Raises
 * nothing. */
ssize_t tilth_edit_input(lua_State *L, char *bytes, size_t most);

/* Pushes what a read gives at the end of the input; the number of values. */
int tilth_edit_push_end(lua_State *L);

/* Starts the line editor with the function of completion on top of the stack, which it
 * takes. Raises; then what `place` has is still to be stopped. */
void tilth_edit_start(lua_State *L, struct tilth_line_editor **place);

/* Gives the terminal back as it was. NULL is allowed. */
void tilth_edit_stop(lua_State *L, struct tilth_line_editor *editor);

/* Reads a line and pushes it; the number of values. Raises an interruption. */
int tilth_edit_line(lua_State *L, struct tilth_line_editor *editor, const char *prompt);

/* Adds a line to what the arrow keys bring back. */
void tilth_edit_remember(struct tilth_line_editor *editor, const char *line);

#endif
