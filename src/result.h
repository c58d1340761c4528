/* The one shape of failure that every core library pushes: nil, message, code. */
#ifndef TILTH_RESULT_H
#define TILTH_RESULT_H

#include <lua.h>
#include <stdbool.h>

/* nil, "what: reason", errno. Takes errno as an argument because API calls may change it.
 */
int tilth_fail_errno(lua_State *L, const char *what, int error);

/* nil, message, word. Message and code are copied. */
int tilth_fail(lua_State *L, const char *code, const char *message, ...)
    __attribute__((format(printf, 3, 4)));

/* true, or as tilth_fail_errno. */
int tilth_result(lua_State *L, bool ok, const char *what, int error);

#endif
