/* Waits for a child, and moves its input and output meanwhile. */
#include "proc.h"
#include "wait.h"

#include <errno.h>
#include <lauxlib.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How long to wait for output that a grandchild still holds open, in seconds. */
#define DRAIN 0.5
/* How often to look for the end of a child without a pidfd, in seconds. */
#define LOOK_EVERY 0.01
/* How often to look for the end of what a stopped child has left: that reads all of
 * /proc. */
#define LOOK_AT_GROUP_EVERY 0.05
#define PIECE 65536
/* A burst may not keep us from seeing the deadline. */
#define MOST_PIECES 16

void tilth_proc_signal(const struct tilth_child *child, int signal)
{
    if (child->pid > 0 && !child->reaped)
        kill(child->group ? -child->pid : child->pid, signal);
}

void tilth_proc_stop(struct tilth_child *child, int signal)
{
    tilth_proc_signal(child, signal);
    if (signal != 0)
        tilth_proc_signal(child, SIGCONT); /* a stopped one would not hear it */
    if (!child->stopping)
        child->kill_at = tilth_deadline(child->grace);
    child->stopping = true;
}

/* Notes the end of the child. */
static void look(struct tilth_child *child)
{
    siginfo_t info = {0};
    if (child->reaped)
        return;
    if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0) {
        if (info.si_pid == 0)
            return;
        if (waitpid(child->pid, &child->status, 0) < 0)
            child->error = errno;
    } else if (errno != EINTR) {
        child->error = errno; /* a host program that ignores SIGCHLD */
    } else {
        return;
    }
    child->reaped = true;
    child->ended = tilth_monotonic();
    tilth_proc_close(&child->pidfd);
    tilth_proc_close(&child->input);
}

/* What a stopped child has left running. Its number stays the group's while anybody is in
 * it. */
static void kill_rest(struct tilth_child *child)
{
    if (child->group && child->stopping && !child->gone)
        kill(-child->pid, SIGKILL);
    child->gone = true;
}

void tilth_proc_reap(struct tilth_child *child)
{
    tilth_proc_signal(child, SIGKILL);
    child->stopping = true;
    while (!child->reaped) {
        siginfo_t info;
        waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOWAIT);
        look(child);
    }
    kill_rest(child);
}

/* Is the rest of a stopped group still in its grace? */
static bool lingers(struct tilth_child *child)
{
    double now = tilth_monotonic();
    if (!child->stopping || !child->group || child->gone)
        return false;
    if (child->kill_at < 0 || now >= child->kill_at) {
        kill_rest(child);
    } else if (now >= child->look_at) {
        child->look_at = now + LOOK_AT_GROUP_EVERY;
        child->gone = !tilth_proc_group_lives(child->pid);
    }
    return !child->gone;
}

/* Writes without SIGPIPE, which a host program may not ignore; the count, or -1. */
static ssize_t write_quietly(int descriptor, const char *text, size_t length)
{
    sigset_t broken;
    sigset_t old;
    sigset_t pending;
    sigemptyset(&broken);
    sigaddset(&broken, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &broken, &old);
    ssize_t count = write(descriptor, text, length);
    int error = errno;
    if (count < 0 && error == EPIPE && !sigismember(&pending, SIGPIPE))
        sigtimedwait(&broken, NULL, &(struct timespec){0});
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = error;
    return count;
}

static void feed(struct tilth_child *child)
{
    ssize_t count = write_quietly(child->input, child->text, child->text_length);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count > 0) {
        child->text += count;
        child->text_length -= (size_t)count;
    }
    if (count < 0 || child->text_length == 0)
        tilth_proc_close(&child->input); /* all said, or nobody listens */
}

/* Takes a piece from an output; false when there is none now. */
static bool take(lua_State *L, struct tilth_child *child, int index, int which)
{
    char piece[PIECE];
    struct tilth_buffer *buffer = child->buffers[which];
    bool captured = buffer != NULL && !child->silent;
    char *place = captured ? tilth_buffer_reserve(L, buffer, PIECE) : piece;
    ssize_t count = read(child->outputs[which], place, PIECE);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (count <= 0) {
        tilth_proc_close(&child->outputs[which]);
        return false;
    }
    if (captured) {
        buffer->length += (size_t)count;
    } else if (child->flows[which + 1] == TILTH_CALL && !child->silent) {
        lua_getiuservalue(L, index, which + 2);
        lua_pushlstring(L, piece, (size_t)count);
        lua_call(L, 1, 0);
    }
    return true;
}

static double earlier(double a, double b)
{
    if (a < 0)
        return b;
    return b < 0 || a < b ? a : b;
}

static double next_time(const struct tilth_child *child, double until)
{
    if (child->reaped) {
        bool waits = child->stopping && child->group && !child->gone;
        return earlier(until,
                       waits ? tilth_monotonic() + LOOK_EVERY : child->ended + DRAIN);
    }
    double next = earlier(until, child->stopping ? child->kill_at : child->deadline);
    return child->pidfd >= 0 ? next : earlier(next, tilth_monotonic() + LOOK_EVERY);
}

static void keep_time(struct tilth_child *child)
{
    double now = tilth_monotonic();
    if (child->reaped)
        return;
    if (!child->stopping && child->deadline >= 0 && now >= child->deadline) {
        child->timed_out = true;
        tilth_proc_stop(child, SIGTERM);
    } else if (child->stopping && child->kill_at >= 0 && now >= child->kill_at) {
        tilth_proc_signal(child, SIGKILL);
        child->kill_at = TILTH_FOREVER;
    }
}

/* The first interruption is passed on, and the child may end in its own way; the next
 * one, or the end of the time for clean-up, ends it. A detached child is not ours to
 * stop. */
static void interrupt(lua_State *L, struct tilth_child *child)
{
    if (child->detached)
        tilth_raise_interrupt(L);
    child->silent = true;
    if (child->interrupted || child->reaped) {
        tilth_proc_reap(child);
        tilth_raise_interrupt(L);
    }
    child->interrupted = true;
    int signal = tilth_interrupt_signal(L);
    bool has_it = signal == SIGINT && child->terminal && !child->group;
    tilth_proc_stop(child, has_it ? 0 : signal > 0 ? signal : SIGTERM);
}

static bool has_ended(struct tilth_child *child)
{
    if (!child->reaped || lingers(child))
        return false;
    bool open = child->outputs[0] >= 0 || child->outputs[1] >= 0;
    if (open && tilth_monotonic() < child->ended + DRAIN)
        return false;
    tilth_proc_close(&child->outputs[0]);
    tilth_proc_close(&child->outputs[1]);
    return true;
}

static void move(lua_State *L, struct tilth_child *child, int index,
                 const struct pollfd *ready)
{
    if (ready[3].revents != 0 && child->input >= 0)
        feed(child);
    for (int which = 0; which < 2; which++) {
        for (int i = 0; i < MOST_PIECES; i++) {
            if (ready[which + 1].revents == 0 || child->outputs[which] < 0 ||
                !take(L, child, index, which))
                break;
        }
    }
}

bool tilth_proc_pump(lua_State *L, struct tilth_child *child, int index, double until)
{
    luaL_checkstack(L, 4, NULL);
    for (;;) {
        look(child);
        if (has_ended(child))
            break;
        if (until >= 0 && tilth_monotonic() >= until)
            return false;
        struct pollfd wanted[4] = {{child->pidfd, POLLIN, 0},
                                   {child->outputs[0], POLLIN, 0},
                                   {child->outputs[1], POLLIN, 0},
                                   {child->input, POLLOUT, 0}};
        switch (tilth_wait(L, wanted, 4, next_time(child, until))) {
        case TILTH_INTERRUPTED:
            interrupt(L, child);
            break;
        case TILTH_READY:
            move(L, child, index, wanted);
            break;
        case TILTH_TIMEOUT:
            break;
        }
        keep_time(child);
    }
    if (child->interrupted)
        tilth_raise_interrupt(L);
    return true;
}
