/* The options of proc.run and proc.spawn. */
#include "argument.h"
#include "host.h"
#include "proc.h"
#include "wait.h"

#include <lauxlib.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define ARGUMENTS 1
#define OPTIONS 2
#define DEFAULT_GRACE 5.0

extern char **environ;

static int bad_option(lua_State *L, const char *name, const char *reason)
{
    return luaL_argerror(L, OPTIONS, lua_pushfstring(L, "option '%s' %s", name, reason));
}

static void check_names(lua_State *L)
{
    static const char *const names[] = {
        "cwd",   "env",   "clean_env", "stdin", "stdout", "stderr",         "timeout",
        "grace", "group", "uid",       "gid",   "detach", "die_with_parent"};
    for (lua_pushnil(L); lua_next(L, OPTIONS) != 0; lua_pop(L, 1)) {
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
        size_t i = 0;
        while (i < sizeof names / sizeof *names && strcmp(names[i], name) != 0)
            i++;
        if (i == sizeof names / sizeof *names)
            bad_option(L, name, "is unknown");
    }
}

/* A text without zero bytes at the top of the stack, which something else keeps alive. */
static char *check_text(lua_State *L, int argument, const char *what)
{
    size_t length;
    if (lua_type(L, -1) != LUA_TSTRING)
        luaL_argerror(L, argument, lua_pushfstring(L, "%s is not a string", what));
    const char *text = lua_tolstring(L, -1, &length);
    if (strlen(text) != length)
        luaL_argerror(L, argument, lua_pushfstring(L, "%s holds a zero byte", what));
    return (char *)text;
}

/* Leaves the array on the stack. exec takes `char *const *`, and changes nothing. */
static char **check_arguments(lua_State *L)
{
    luaL_checktype(L, ARGUMENTS, LUA_TTABLE);
    size_t count = lua_rawlen(L, ARGUMENTS);
    luaL_argcheck(L, count > 0, ARGUMENTS, "no program");
    char **arguments = lua_newuserdatauv(L, (count + 1) * sizeof *arguments, 0);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, ARGUMENTS, (lua_Integer)i + 1);
        arguments[i] = check_text(L, ARGUMENTS, "one of the arguments");
        lua_pop(L, 1);
    }
    luaL_argcheck(L, arguments[0][0] != '\0', ARGUMENTS, "no program");
    arguments[count] = NULL;
    return arguments;
}

/* Is the variable "NAME=value" one that the table at the top of the stack speaks about?
 */
static bool is_overridden(lua_State *L, const char *variable)
{
    const char *equals = strchr(variable, '=');
    if (equals == NULL)
        return true; /* no variable at all */
    lua_pushlstring(L, variable, (size_t)(equals - variable));
    bool found = lua_rawget(L, -2) != LUA_TNIL;
    lua_pop(L, 1);
    return found;
}

/* Pushes "NAME=value" for the entry whose name and value are on top; NULL for false. */
static char *push_variable(lua_State *L)
{
    lua_pushvalue(L, -2);
    const char *name = check_text(L, OPTIONS, "a variable's name");
    if (name[0] == '\0' || strchr(name, '=') != NULL)
        bad_option(L, "env", "has a wrong variable's name");
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TBOOLEAN && !lua_toboolean(L, -1)) {
        lua_pushnil(L);
        return NULL;
    }
    const char *value = check_text(L, OPTIONS, "a variable's value");
    return (char *)lua_pushfstring(L, "%s=%s", name, value);
}

/* The child's environment; leaves what keeps it alive on the stack. */
static char **check_environment(lua_State *L)
{
    lua_getfield(L, OPTIONS, "clean_env");
    bool clean = lua_toboolean(L, -1);
    lua_pop(L, 1);
    if (lua_getfield(L, OPTIONS, "env") == LUA_TNIL) {
        lua_newtable(L);
        lua_replace(L, -2);
    } else if (!lua_istable(L, -1)) {
        bad_option(L, "env", "is not a table");
    }
    int variables = lua_gettop(L);
    size_t count = 1;
    for (char **i = environ; !clean && i != NULL && *i != NULL; i++)
        count++;
    for (lua_pushnil(L); lua_next(L, variables) != 0; lua_pop(L, 1))
        count++;
    char **environment = lua_newuserdatauv(L, count * sizeof *environment, 0);
    lua_newtable(L); /* keeps the new texts */
    int texts = lua_gettop(L);
    size_t used = 0;
    lua_pushvalue(L, variables);
    for (char **i = environ; !clean && i != NULL && *i != NULL; i++) {
        if (!is_overridden(L, *i))
            environment[used++] = *i;
    }
    lua_pop(L, 1);
    for (lua_pushnil(L); lua_next(L, variables) != 0; lua_pop(L, 1)) {
        char *variable = push_variable(L);
        if (variable != NULL)
            environment[used++] = variable;
        lua_rawseti(L, texts, (lua_Integer)lua_rawlen(L, texts) + 1);
    }
    environment[used] = NULL;
    return environment;
}

static double number_option(lua_State *L, const char *name, double otherwise)
{
    double value = otherwise;
    if (lua_getfield(L, OPTIONS, name) != LUA_TNIL) {
        value = lua_tonumber(L, -1);
        if (!lua_isnumber(L, -1) || !(value >= 0 && value < 1e12))
            bad_option(L, name, "is not a time in seconds");
    }
    lua_pop(L, 1);
    return value;
}

static bool boolean_option(lua_State *L, const char *name, bool otherwise)
{
    bool value = otherwise;
    if (lua_getfield(L, OPTIONS, name) != LUA_TNIL)
        value = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return value;
}

/* True when the option is given; then *id is set. */
static bool id_option(lua_State *L, const char *name, unsigned int *id)
{
    bool given = lua_getfield(L, OPTIONS, name) != LUA_TNIL;
    lua_Integer value = lua_tointeger(L, -1);
    /* The greatest number means "no change" to the system. */
    if (given && (!lua_isinteger(L, -1) || value < 0 || value >= UINT_MAX))
        bad_option(L, name, "is not the number of a user or group");
    if (given)
        *id = (unsigned int)value;
    lua_pop(L, 1);
    return given;
}

/* The text of standard input is left on the stack. */
static enum tilth_flow input_option(lua_State *L, struct tilth_child *child)
{
    if (lua_getfield(L, OPTIONS, "stdin") == LUA_TNIL)
        return TILTH_NULL;
    if (lua_type(L, -1) != LUA_TSTRING)
        bad_option(L, "stdin", "is not \"null\", \"inherit\" or a text");
    const char *text = lua_tolstring(L, -1, &child->text_length);
    if (strcmp(text, "null") == 0)
        return TILTH_NULL;
    if (strcmp(text, "inherit") == 0)
        return TILTH_INHERIT;
    child->text = text;
    return TILTH_TEXT;
}

static enum tilth_flow output_option(lua_State *L, const char *name)
{
    static const char *const words[] = {"inherit", "null", "capture"};
    enum tilth_flow flow = TILTH_INHERIT;
    int type = lua_getfield(L, OPTIONS, name);
    if (type == LUA_TFUNCTION) {
        flow = TILTH_CALL;
    } else if (type != LUA_TNIL) {
        const char *word = type == LUA_TSTRING ? lua_tostring(L, -1) : "";
        while (flow <= TILTH_CAPTURE && strcmp(words[flow], word) != 0)
            flow++;
        if (flow > TILTH_CAPTURE)
            bad_option(L, name,
                       "is not \"inherit\", \"capture\", \"null\" or a function");
    }
    lua_pop(L, 1);
    return flow;
}

/* SIGINT unless another is given: postgres takes it for an orderly end, as does most
 * else. */
static int death_option(lua_State *L)
{
    int signal = 0;
    int type = lua_getfield(L, OPTIONS, "die_with_parent");
    if (type == LUA_TBOOLEAN)
        signal = lua_toboolean(L, -1) ? SIGINT : 0;
    else if (type != LUA_TNIL)
        signal = tilth_check_signal(L, lua_gettop(L));
    lua_pop(L, 1);
    return signal;
}

void tilth_proc_options(lua_State *L, struct tilth_launch *launch,
                        struct tilth_child *child)
{
    if (lua_isnoneornil(L, OPTIONS)) {
        lua_settop(L, ARGUMENTS);
        lua_newtable(L);
    }
    luaL_checktype(L, OPTIONS, LUA_TTABLE);
    lua_settop(L, OPTIONS);
    check_names(L);
    tilth_host_adopt(L, OPTIONS);
    *launch = (struct tilth_launch){.descriptors = {-1, -1, -1}};
    launch->arguments = check_arguments(L);
    launch->environment = check_environment(L);
    launch->detach = boolean_option(L, "detach", false);
    launch->drop_user = id_option(L, "uid", &launch->uid);
    launch->drop_group = id_option(L, "gid", &launch->gid);
    launch->death_signal = death_option(L);
    launch->flows[1] = output_option(L, "stdout");
    launch->flows[2] = output_option(L, "stderr");
    child->grace = number_option(L, "grace", DEFAULT_GRACE);
    child->deadline = number_option(L, "timeout", TILTH_FOREVER);
    if (lua_getfield(L, OPTIONS, "cwd") != LUA_TNIL)
        launch->folder = check_text(L, OPTIONS, "option 'cwd'");
    launch->flows[0] = input_option(L, child);
    /* A group of its own could not read from the terminal: the kernel would stop it. */
    child->terminal = launch->flows[0] == TILTH_INHERIT && isatty(STDIN_FILENO);
    launch->group = boolean_option(L, "group", !child->terminal);
    child->group = launch->group || launch->detach;
    child->detached = launch->detach;
    memcpy(child->flows, launch->flows, sizeof child->flows);
}
