/* What json.c and sql.c share: jansson's values as Lua tables. */
#ifndef TILTH_JSON_H
#define TILTH_JSON_H

#include <jansson.h>
#include <lua.h>

/* Pushes a box that frees its JSON value when closed or collected. */
json_t **tilth_json_box(lua_State *L);

/* Pushes a JSON value as Lua sees it. The value stays the caller's (keep it in a box). */
void tilth_json_push(lua_State *L, const json_t *value);

/* Pushes the metatable that marks a table as a list. */
void tilth_json_push_array_mark(lua_State *L);

/* text = json.encode(value [, { indent = n, sort = boolean, replace = boolean }]) */
int tilth_json_encode(lua_State *L);

#endif
