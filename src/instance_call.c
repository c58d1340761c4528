/* A call of libtilth: a Lua state of its own from its beginning to its end. */
#include "host.h"
#include "instance.h"
#include "monotonic.h"
#include "runtime.h"

#include <lauxlib.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FAILED 1
#define USAGE 2
#define BUG 99

enum what { COMMAND, SCRIPT_FILE, SCRIPT_TEXT, FUNCTION, PROGRAM };

struct request {
    struct tilth *handle;
    enum what what;
    const char *name; /* of the script or the module */
    const char *text; /* the script, or the function's arguments */
    size_t size;
    const char *function;
    int count;
    const char *const *words;
    FILE *streams[3]; /* NULL: the process's own */
};

/* Lua's allocator, which counts. Shrinking never fails, as Lua demands. */
static void *allocate(void *data, void *block, size_t old_size, size_t new_size)
{
    struct tilth *handle = data;
    size_t before = block != NULL ? old_size : 0;
    size_t rest = handle->memory_used - before;
    if (new_size == 0) {
        free(block);
        handle->memory_used = rest;
        return NULL;
    }
    if (new_size > before && handle->memory_limit > 0 &&
        (rest > handle->memory_limit || new_size > handle->memory_limit - rest)) {
        handle->memory_refused = true;
        return NULL;
    }
    void *result = realloc(block, new_size);
    if (result != NULL)
        handle->memory_used = rest + new_size;
    return result;
}

static void set_surroundings(lua_State *L, const struct request *request)
{
    struct tilth *handle = request->handle;
    lua_newtable(L);
    for (struct tilth_variable *i = handle->variables; i != NULL; i = i->next) {
        if (i->value != NULL)
            lua_pushstring(L, i->value);
        else
            lua_pushboolean(L, 0);
        lua_setfield(L, -2, i->name);
    }
    tilth_host_set_variables(L);
    if (handle->folder != NULL) {
        lua_pushstring(L, handle->folder);
        tilth_host_set_folder(L);
    }
    if (request->streams[1] != NULL)
        tilth_instance_set_streams(L, request->streams);
}

static void push_words(lua_State *L, const struct request *request)
{
    lua_createtable(L, request->count, 0);
    for (int i = 0; i < request->count; i++) {
        lua_pushstring(L, request->words[i]);
        lua_rawseti(L, -2, i + 1);
    }
}

static void set_text(lua_State *L, const char *name, const char *text, size_t size)
{
    if (text == NULL)
        return;
    lua_pushlstring(L, text, size);
    lua_setfield(L, -2, name);
}

static void push_request(lua_State *L, const struct request *request)
{
    static const char *const names[] = {"command", "file", "text", "call", "program"};
    const char *what = names[request->what];
    lua_createtable(L, 0, 7);
    set_text(L, "what", what, strlen(what));
    if (request->name != NULL)
        set_text(L, "name", request->name, strlen(request->name));
    set_text(L, "text", request->text, request->size);
    if (request->function != NULL)
        set_text(L, "function", request->function, strlen(request->function));
    push_words(L, request);
    lua_setfield(L, -2, "words");
    lua_pushboolean(L, request->streams[1] != NULL);
    lua_setfield(L, -2, "captured");
    lua_pushboolean(L, request->handle->folder != NULL);
    lua_setfield(L, -2, "folder");
}

/* Runs a request, a light userdata at 1; the exit status. */
static int carry_out(lua_State *L)
{
    const struct request *request = lua_touserdata(L, 1);
    tilth_interrupt_lend(L, &request->handle->interrupt);
    tilth_runtime_open(L);
    set_surroundings(L, request);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "tilth.embed");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "run");
    push_request(L, request);
    tilth_instance_push_host(L, request->handle);
    lua_call(L, 2, 1);
    return 1;
}

static int fail_memory(struct tilth *handle)
{
    char message[128];
    if (!handle->memory_refused)
        return tilth_outcome_fail(&handle->outcome, FAILED, "memory", "not enough memory",
                                  NULL);
    snprintf(message, sizeof message,
             "the limit of %zu bytes of memory (tilth_set_memory_limit) is used up",
             handle->memory_limit);
    return tilth_outcome_fail(&handle->outcome, FAILED, "limit", message,
                              "Work in smaller pieces, or raise the limit.");
}

static int fail_cancelled(struct tilth *handle)
{
    char message[128];
    if (!handle->interrupt.timed_out)
        return tilth_outcome_fail(&handle->outcome, 128 + handle->interrupt.signal,
                                  "interrupted", "interrupted", NULL);
    snprintf(message, sizeof message,
             "it took longer than the limit of %g s (tilth_set_time_limit)",
             handle->time_limit);
    return tilth_outcome_fail(
        &handle->outcome, FAILED, "limit", message,
        "What was running has been cancelled and rolled back. Raise the limit?");
}

/* Has the error that Lua code was stopped with been one of memory? */
static bool is_short_of_memory(const struct tilth *handle)
{
    const char *message = handle->outcome.error.message;
    return handle->memory_refused && message != NULL &&
           strstr(message, "not enough memory") != NULL;
}

/* Without a message of its own: a script's os.exit(3), for one. */
static int fail_status(struct tilth_outcome *outcome, int status)
{
    char message[64];
    snprintf(message, sizeof message, "it ended with status %d", status);
    return tilth_outcome_fail(outcome, status, "failed", message, NULL);
}

/* The status of a call whose Lua code has ended with `ended`, its value on top. */
static int judge(lua_State *L, struct tilth *handle, int ended)
{
    struct tilth_outcome *outcome = &handle->outcome;
    int status = ended == LUA_OK ? (int)lua_tointeger(L, -1) : BUG;
    outcome->status = status;
    bool cancelled = handle->interrupt.signal != 0 &&
                     (ended != LUA_OK || status == 128 + handle->interrupt.signal);
    if (cancelled)
        return fail_cancelled(handle);
    if (ended == LUA_ERRMEM || (status != 0 && is_short_of_memory(handle)))
        return fail_memory(handle);
    if (ended != LUA_OK)
        return tilth_outcome_fail(outcome, BUG, "bug", luaL_tolstring(L, -1, NULL),
                                  "This is a bug in tilth: please report it.");
    if (status != 0 && !outcome->failed)
        return fail_status(outcome, status);
    return status;
}

static int run_state(struct request *request)
{
    struct tilth *handle = request->handle;
    handle->memory_used = 0;
    handle->memory_refused = false;
    lua_State *L = lua_newstate(allocate, handle);
    if (L == NULL)
        return fail_memory(handle);
    lua_pushcfunction(L, tilth_runtime_traceback);
    lua_pushcfunction(L, carry_out);
    lua_pushlightuserdata(L, request);
    int status = judge(L, handle, lua_pcall(L, 1, 1, 1));
    lua_close(L);
    return status;
}

static bool open_streams(struct request *request)
{
    struct tilth *handle = request->handle;
    if (request->what == PROGRAM && handle->output == NULL)
        return true;
    for (int i = 0; i < 3; i++) {
        request->streams[i] = tilth_instance_output(handle, i);
        if (request->streams[i] == NULL)
            return false;
    }
    return true;
}

static void close_streams(struct request *request)
{
    for (int i = 0; i < 3; i++)
        if (request->streams[i] != NULL)
            fclose(request->streams[i]);
}

static int run_request(struct request *request)
{
    struct tilth *handle = request->handle;
    if (handle->interrupt.signal != 0)
        return fail_cancelled(handle);
    if (handle->time_limit > 0)
        handle->interrupt.deadline = tilth_monotonic() + handle->time_limit;
    int status = open_streams(request) ? run_state(request) : fail_memory(handle);
    close_streams(request);
    return status;
}

/* The host may not ignore SIGPIPE, and a peer that went away must not end it. */
static void block_broken_pipes(sigset_t *before, bool *pending)
{
    sigset_t broken, all;
    sigemptyset(&broken);
    sigaddset(&broken, SIGPIPE);
    sigpending(&all);
    *pending = sigismember(&all, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken, before);
}

static void unblock_broken_pipes(const sigset_t *before, bool pending)
{
    sigset_t broken;
    sigemptyset(&broken);
    sigaddset(&broken, SIGPIPE);
    if (!pending)
        while (sigtimedwait(&broken, NULL, &(struct timespec){0}) > 0) {
            /* ours: it is dealt with where the write failed */
        }
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

static const char *wrong_words(const struct request *request)
{
    if (request->count < 0)
        return "the number of words is negative";
    if (request->count > 0 && request->words == NULL)
        return "the words are NULL";
    for (int i = 0; i < request->count; i++)
        if (request->words[i] == NULL)
            return "one of the words is NULL";
    return NULL;
}

static const char *misuse(const struct request *request)
{
    bool is_script = request->what == SCRIPT_FILE || request->what == SCRIPT_TEXT;
    if (request->what == COMMAND && request->count == 0)
        return "there is no command";
    if (is_script && (request->name == NULL || request->name[0] == '\0'))
        return "the script has no name";
    if (request->what == SCRIPT_TEXT && request->text == NULL && request->size > 0)
        return "the script's text is NULL";
    if (request->what == FUNCTION && (request->name == NULL || request->function == NULL))
        return "module or function is NULL";
    return wrong_words(request);
}

static int call(struct request *request)
{
    struct tilth *handle = request->handle;
    if (handle == NULL)
        return USAGE;
    if (!tilth_take(handle))
        return TILTH_BUSY;
    tilth_outcome_clear(&handle->outcome);
    const char *wrong = misuse(request);
    if (wrong != NULL) {
        tilth_outcome_fail(&handle->outcome, USAGE, "usage", wrong,
                           "This is a mistake in the calling program.");
    } else {
        sigset_t before;
        bool pending;
        block_broken_pipes(&before, &pending);
        run_request(request);
        unblock_broken_pipes(&before, pending);
        tilth_interrupt_clear(&handle->interrupt);
        handle->interrupt.deadline = 0;
        handle->interrupt.timed_out = false;
    }
    int status = handle->outcome.status;
    handle->outcome.error.size = sizeof handle->outcome.error;
    handle->outcome.error.status = status;
    tilth_give(handle);
    return status;
}

int tilth_command(tilth *handle, int count, const char *const *words)
{
    struct request request = {
        .handle = handle, .what = COMMAND, .count = count, .words = words};
    return call(&request);
}

int tilth_run_file(tilth *handle, const char *path, int count, const char *const *words)
{
    struct request request = {.handle = handle,
                              .what = SCRIPT_FILE,
                              .name = path,
                              .count = count,
                              .words = words};
    return call(&request);
}

int tilth_run_string(tilth *handle, const char *name, const char *text, size_t size,
                     int count, const char *const *words)
{
    struct request request = {.handle = handle,
                              .what = SCRIPT_TEXT,
                              .name = name,
                              .text = text,
                              .size = size,
                              .count = count,
                              .words = words};
    return call(&request);
}

int tilth_call(tilth *handle, const char *module, const char *function,
               const char *arguments)
{
    struct request request = {.handle = handle,
                              .what = FUNCTION,
                              .name = module,
                              .function = function,
                              .text = arguments,
                              .size = arguments != NULL ? strlen(arguments) : 0};
    return call(&request);
}

int tilth_main(tilth *handle, int argc, char **argv)
{
    bool has_words = argc > 1 && argv != NULL;
    struct request request = {.handle = handle,
                              .what = PROGRAM,
                              .count = has_words ? argc - 1 : 0,
                              .words = has_words ? (const char *const *)argv + 1 : NULL};
    return call(&request);
}
