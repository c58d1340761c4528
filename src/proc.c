/* tilth.core.proc: child processes by argument lists, and this process. */
#include "proc.h"
#include "argument.h"
#include "core.h"
#include "result.h"
#include "wait.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const CHILD_TYPE = "tilth.proc.child";

static void close_descriptors(struct tilth_child *child)
{
    tilth_proc_close(&child->pidfd);
    tilth_proc_close(&child->input);
    tilth_proc_close(&child->outputs[0]);
    tilth_proc_close(&child->outputs[1]);
}

static struct tilth_child *check_child(lua_State *L, int argument)
{
    struct tilth_child *child = luaL_checkudata(L, argument, CHILD_TYPE);
    luaL_argcheck(L, child->pid > 0, argument, "closed child");
    return child;
}

/* Pushes "exit" or "signal", and its number. */
static void push_end(lua_State *L, const struct tilth_child *child)
{
    bool exited = WIFEXITED(child->status);
    lua_pushstring(L, exited ? "exit" : "signal");
    lua_pushinteger(L, exited ? WEXITSTATUS(child->status) : WTERMSIG(child->status));
}

/* kind, code, timed_out | nil, message, "timeout" = child:wait([timeout]): kind is
 * "exit" or "signal"; fails when the child still runs after the time. Its output is
 * moved only while this waits. */
static int child_wait(lua_State *L)
{
    struct tilth_child *child = check_child(L, 1);
    double timeout = luaL_optnumber(L, 2, TILTH_FOREVER);
    if (!tilth_proc_pump(L, child, 1, tilth_deadline(timeout)))
        return tilth_fail(L, "timeout", "timed out");
    if (child->error != 0)
        return tilth_fail_errno(L, "waiting for a child", child->error);
    push_end(L, child);
    lua_pushboolean(L, child->timed_out);
    return 3;
}

/* true | nil, message, errno = child:kill([signal]): to its group when it leads one;
 * TERM without a signal */
static int child_kill(lua_State *L)
{
    struct tilth_child *child = check_child(L, 1);
    int signal = lua_isnoneornil(L, 2) ? SIGTERM : tilth_check_signal(L, 2);
    if (child->reaped)
        return tilth_fail_errno(L, "child", ESRCH);
    int failed = kill(child->group ? -child->pid : child->pid, signal);
    return tilth_result(L, failed == 0, "child", errno);
}

/* integer = child:pid(): its number */
static int child_pid(lua_State *L)
{
    lua_pushinteger(L, check_child(L, 1)->pid);
    return 1;
}

static void push_output(lua_State *L, const struct tilth_child *child, int which)
{
    const struct tilth_buffer *buffer = child->buffers[which];
    if (buffer == NULL)
        lua_pushnil(L);
    else
        lua_pushlstring(L, buffer->data, buffer->length);
}

/* stdout | nil, stderr | nil = child:output(): what was captured so far */
static int child_output(lua_State *L)
{
    const struct tilth_child *child = check_child(L, 1);
    push_output(L, child, 0);
    push_output(L, child, 1);
    return 2;
}

/* child:close(): stops it (TERM, after its grace KILL) unless it is detached */
static int child_close(lua_State *L)
{
    struct tilth_child *child = luaL_checkudata(L, 1, CHILD_TYPE);
    if (child->pid > 0 && !child->reaped && !child->detached) {
        child->silent = true;
        tilth_proc_close(&child->input);
        tilth_proc_stop(child, SIGTERM);
        tilth_proc_pump(L, child, 1, TILTH_FOREVER);
    }
    close_descriptors(child);
    child->pid = 0;
    return 0;
}

/* The collector has no time for a grace. */
static int child_collect(lua_State *L)
{
    struct tilth_child *child = luaL_checkudata(L, 1, CHILD_TYPE);
    if (child->pid > 0 && !child->reaped && !child->detached)
        tilth_proc_reap(child);
    close_descriptors(child);
    child->pid = 0;
    return 0;
}

static int child_text(lua_State *L)
{
    const struct tilth_child *child = luaL_checkudata(L, 1, CHILD_TYPE);
    if (child->pid == 0)
        lua_pushliteral(L, "child (closed)");
    else
        lua_pushfstring(L, "child %d (%s)", (int)child->pid,
                        child->reaped ? "ended" : "running");
    return 1;
}

static void push_metatable(lua_State *L)
{
    static const luaL_Reg methods[] = {{"close", child_close},   {"kill", child_kill},
                                       {"output", child_output}, {"pid", child_pid},
                                       {"wait", child_wait},     {NULL, NULL}};
    static const luaL_Reg metamethods[] = {{"__gc", child_collect},
                                           {"__close", child_close},
                                           {"__tostring", child_text},
                                           {NULL, NULL}};
    if (!luaL_newmetatable(L, CHILD_TYPE))
        return;
    luaL_setfuncs(L, metamethods, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
}

static int fail_launch(lua_State *L, const struct tilth_launch *launch,
                       enum tilth_launch_stage stage, int error)
{
    const char *program = launch->arguments[0];
    const char *what = program;
    if (stage == TILTH_AT_SEARCH && error == ENOENT)
        what = lua_pushfstring(L, "%s: not found in PATH", program);
    else if (stage == TILTH_AT_FOLDER)
        what = lua_pushfstring(L, "%s: cannot run in the folder %s", program,
                               launch->folder);
    else if (stage == TILTH_AT_USER)
        what = lua_pushfstring(L, "%s: cannot run as user %d, group %d", program,
                               launch->drop_user ? (int)launch->uid : (int)getuid(),
                               launch->drop_group ? (int)launch->gid : (int)getgid());
    else if (stage == TILTH_AT_SYSTEM)
        what = lua_pushfstring(L, "%s: cannot start a process", program);
    else if (stage == TILTH_AT_SCRIPT)
        what = lua_pushfstring(L, "%s: the interpreter in its first line is missing",
                               program);
    else if (error == ENOEXEC)
        what = lua_pushfstring(
            L, "%s: neither a program nor a script that begins with #!", program);
    return tilth_fail_errno(L, what, error);
}

/* Opens the pipes that the flows need: the child's ends into the launch, ours into the
 * child. */
static bool open_pipes(struct tilth_launch *launch, struct tilth_child *child)
{
    for (int i = 0; i < 3; i++) {
        int ends[2];
        enum tilth_flow flow = launch->flows[i];
        if (flow == TILTH_INHERIT || flow == TILTH_NULL)
            continue;
        if (!tilth_proc_pipe(ends))
            return false;
        int *ours = i == 0 ? &child->input : &child->outputs[i - 1];
        launch->descriptors[i] = i == 0 ? ends[0] : ends[1];
        *ours = i == 0 ? ends[1] : ends[0];
        if (fcntl(*ours, F_SETFL, O_NONBLOCK) != 0)
            return false;
    }
    return true;
}

/* Starts the child; 0 or an errno. Holds pipes in plain variables: no Lua in here. */
static int start(struct tilth_launch *launch, struct tilth_child *child,
                 enum tilth_launch_stage *stage)
{
    *stage = TILTH_AT_SYSTEM;
    pid_t pid = 0;
    int error = open_pipes(launch, child) ? 0 : errno;
    if (launch->flows[1] == TILTH_INHERIT)
        fflush(stdout); /* what was printed before comes before what the child prints */
    child->started = tilth_monotonic();
    if (error == 0)
        error = tilth_proc_launch(launch, &pid, stage);
    for (int i = 0; i < 3; i++)
        tilth_proc_close(&launch->descriptors[i]);
    if (error != 0) {
        close_descriptors(child);
        return error;
    }
    child->pid = pid;
    child->pidfd = (int)syscall(SYS_pidfd_open, pid, 0); /* close-on-exec by itself */
    if (child->deadline >= 0)
        child->deadline += child->started;
    return 0;
}

/* Pushes the child that arguments 1 and 2 describe; 1, or the results of a failure. */
static int spawn(lua_State *L, struct tilth_child **result)
{
    struct tilth_launch launch;
    struct tilth_child wanted = {
        .pidfd = -1, .input = -1, .outputs = {-1, -1}, .kill_at = TILTH_FOREVER};
    enum tilth_launch_stage stage;
    tilth_proc_options(L, &launch, &wanted);
    int text = lua_gettop(L); /* standard input's, left there by the options */
    struct tilth_child *child = lua_newuserdatauv(L, sizeof *child, 3);
    *child = wanted;
    push_metatable(L);
    lua_setmetatable(L, -2);
    lua_pushvalue(L, text);
    lua_setiuservalue(L, -2, 1);
    for (int i = 0; i < 2; i++) {
        if (child->flows[i + 1] == TILTH_CALL)
            lua_getfield(L, 2, i == 0 ? "stdout" : "stderr");
        else if (child->flows[i + 1] == TILTH_CAPTURE)
            child->buffers[i] = tilth_buffer_new(L);
        else
            continue;
        lua_setiuservalue(L, -2, i + 2);
    }
    int error = start(&launch, child, &stage);
    if (error != 0)
        return fail_launch(L, &launch, stage, error);
    *result = child;
    return 1;
}

/* child | nil, message, errno = proc.spawn(arguments [, options]): starts a program
 * and does not wait */
static int proc_spawn(lua_State *L)
{
    struct tilth_child *child;
    return spawn(L, &child);
}

/* result | nil, message, errno = proc.run(arguments [, options]): runs a program to
 * its end; the result is { kind, code, timed_out, stdout, stderr, seconds } */
static int proc_run(lua_State *L)
{
    struct tilth_child *child = NULL;
    int count = spawn(L, &child);
    if (child == NULL)
        return count;
    int index = lua_gettop(L);
    lua_toclose(L, index);
    tilth_proc_pump(L, child, index, TILTH_FOREVER);
    if (child->error != 0)
        return tilth_fail_errno(L, "waiting for a child", child->error);
    lua_createtable(L, 0, 6);
    push_end(L, child);
    lua_setfield(L, -3, "code");
    lua_setfield(L, -2, "kind");
    lua_pushboolean(L, child->timed_out);
    lua_setfield(L, -2, "timed_out");
    lua_pushnumber(L, child->ended - child->started);
    lua_setfield(L, -2, "seconds");
    push_output(L, child, 0);
    lua_setfield(L, -2, "stdout");
    push_output(L, child, 1);
    lua_setfield(L, -2, "stderr");
    return 1;
}

static void set_integer(lua_State *L, const char *name, lua_Integer value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, name);
}

/* table = proc.self(): { pid, uid, gid, euid } of this process */
static int proc_self(lua_State *L)
{
    lua_createtable(L, 0, 4);
    set_integer(L, "pid", getpid());
    set_integer(L, "uid", getuid());
    set_integer(L, "gid", getgid());
    set_integer(L, "euid", geteuid());
    return 1;
}

/* true | nil, message, errno = proc.kill(pid, signal): signal 0 asks whether it lives */
static int proc_kill(lua_State *L)
{
    lua_Integer pid = luaL_checkinteger(L, 1);
    /* 0 and below are groups and everybody. */
    luaL_argcheck(L, pid > 0 && pid <= INT_MAX, 1, "not a process");
    int signal = tilth_check_signal(L, 2);
    int failed = kill((pid_t)pid, signal);
    int error = errno;
    return tilth_result(L, failed == 0, lua_pushfstring(L, "process %d", (int)pid),
                        error);
}

int luaopen_tilth_core_proc(lua_State *L)
{
    static const luaL_Reg functions[] = {{"kill", proc_kill},
                                         {"run", proc_run},
                                         {"self", proc_self},
                                         {"spawn", proc_spawn},
                                         {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
