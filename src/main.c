/* The program: a Lua state, signal handlers, the command line. */
#include "allocator.h"
#include "interrupt.h"
#include "runtime.h"

#include <fcntl.h>
#include <lauxlib.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BUG 99

/* A signal handler takes no argument of ours, so what it interrupts is here. */
static struct tilth_interrupt *interrupt;

static void on_signal(int signal)
{
    /* Whoever asks a third time does not want to wait for the clean-up. A prompt that has
     * dealt with an interruption counts anew. */
    if (interrupt->count >= 2)
        _exit(128 + signal);
    tilth_interrupt(interrupt, signal);
}

static void handle(int signal)
{
    struct sigaction action, before;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_handler = on_signal;
    /* nohup and background shells ignore signals on purpose: leave it so. */
    if (sigaction(signal, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(signal, &action, NULL);
}

/* A connection or a file must not get the number of a standard descriptor that whoever
 * started the program has closed: what is printed would be written into it. */
static void hold_standard_descriptors(void)
{
    int null;
    do
        null = open("/dev/null", O_RDWR);
    while (null >= 0 && null <= STDERR_FILENO);
    if (null >= 0)
        close(null);
}

static lua_State *open_state(void)
{
    lua_State *L = tilth_state_new();
    if (L == NULL)
        return NULL;
    lua_pushcfunction(L, tilth_runtime_open);
    if (lua_pcall(L, 0, 0, 0) != LUA_OK) {
        tilth_state_close(L);
        return NULL;
    }
    return L;
}

/* cli.main(arguments): arguments at 1 as a light userdata (argv), their number at 2. */
static int run_command_line(lua_State *L)
{
    char **argv = lua_touserdata(L, 1);
    int argc = (int)lua_tointeger(L, 2);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "tilth.cli");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "main");
    lua_createtable(L, argc, 1);
    for (int i = 0; i < argc; i++) {
        lua_pushstring(L, argv[i]);
        lua_rawseti(L, -2, i);
    }
    lua_call(L, 1, 1);
    return 1;
}

static int run(lua_State *L, int argc, char **argv)
{
    lua_pushcfunction(L, tilth_runtime_traceback);
    lua_pushcfunction(L, run_command_line);
    lua_pushlightuserdata(L, argv);
    lua_pushinteger(L, argc);
    int status = BUG;
    if (lua_pcall(L, 2, 1, 1) == LUA_OK)
        status = (int)lua_tointeger(L, -1);
    else if (interrupt->signal != 0)
        status = 128 + interrupt->signal;
    else
        fprintf(stderr, "tilth: a bug in tilth: %s\n", lua_tostring(L, -1));
    lua_settop(L, 0);
    return status;
}

/* Whoever reads no further, as head(1), wants no more and no message. */
static bool is_reader_gone(void)
{
    struct pollfd output = {STDOUT_FILENO, 0, 0};
    return poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

/* What was said and is lost must not look like success: a report on a full disk. */
static int end_output(int status)
{
    bool is_lost = fflush(stdout) != 0;
    if (!is_lost && (!ferror(stdout) || is_reader_gone()))
        return status;
    if (!is_reader_gone())
        fputs("tilth: standard output could not be written whole: is a disk full?\n",
              stderr);
    return status == 0 ? 1 : status;
}

int main(int argc, char **argv)
{
    hold_standard_descriptors();
    lua_State *L = open_state();
    if (L == NULL) {
        fputs("tilth: not enough memory to start\n", stderr);
        return BUG;
    }
    interrupt = tilth_interrupt_of(L);
    handle(SIGINT);
    handle(SIGTERM);
    handle(SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    /* A file beyond its limit is an error of the write, not the end of the program. */
    signal(SIGXFSZ, SIG_IGN);
    /* Where it is ignored, nobody learns how a child ended. */
    signal(SIGCHLD, SIG_DFL);
    int status = end_output(run(L, argc, argv));
#ifdef TILTH_FREE_AT_EXIT
    tilth_state_close(L);
#endif
    /* Connections and children are closed by then; memory goes with the process. */
    return status;
}
