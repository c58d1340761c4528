/* What the files of tilth.core.proc share: how a child is launched, and a running child.
 */
#ifndef TILTH_PROC_H
#define TILTH_PROC_H

#include "buffer.h"

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Where a standard descriptor of the child leads. TEXT is for standard input only. */
enum tilth_flow { TILTH_INHERIT, TILTH_NULL, TILTH_CAPTURE, TILTH_CALL, TILTH_TEXT };

/* What goes wrong where, when a child cannot be launched. */
enum tilth_launch_stage {
    TILTH_AT_SYSTEM,  /* pipes, fork */
    TILTH_AT_SEARCH,  /* the program is not in PATH */
    TILTH_AT_FOLDER,  /* cwd */
    TILTH_AT_USER,    /* uid, gid */
    TILTH_AT_PROGRAM, /* exec */
    TILTH_AT_SCRIPT,  /* the interpreter that a script names */
};

/* All texts belong to Lua values that the caller keeps. */
struct tilth_launch {
    char **arguments;
    char **environment;
    const char *folder; /* NULL: the present one */
    bool group;
    bool detach;
    bool drop_user;
    bool drop_group;
    uid_t uid;
    gid_t gid;
    int death_signal; /* what the child gets when this process dies, 0: nothing */
    enum tilth_flow flows[3];
    int descriptors[3]; /* the child's ends of pipes, -1 where the flow needs none */
};

struct tilth_child {
    pid_t pid;
    int pidfd; /* -1 on a kernel without */
    bool group;
    bool detached;
    bool terminal; /* shares our terminal, which sends Ctrl-C to both of us */
    bool reaped;
    bool gone;     /* so is the rest of a group that was stopped */
    bool stopping; /* TERM was sent: timed out, interrupted or closed */
    bool timed_out;
    bool interrupted;
    bool silent; /* nobody wants its output any more */
    int status;  /* of waitpid, valid once reaped */
    int error;   /* errno of a wait that failed */
    int input;
    const char *text; /* what is left to write to input; user value 1 keeps it */
    size_t text_length;
    enum tilth_flow flows[3];
    int outputs[2];                  /* our ends of its standard output and error */
    struct tilth_buffer *buffers[2]; /* captured; user values 2 and 3 keep them */
    double started;
    double ended;
    double deadline; /* when to stop it; TILTH_FOREVER */
    double grace;    /* seconds from TERM to KILL */
    double kill_at;
    double look_at; /* when to look at the rest of its group again */
};

/* Options of run and spawn, checked. Pushes the values that keep the texts alive. */
void tilth_proc_options(lua_State *L, struct tilth_launch *launch,
                        struct tilth_child *child);

/* Launches; 0, or an errno with the stage where it happened. Never raises. */
int tilth_proc_launch(const struct tilth_launch *launch, pid_t *pid,
                      enum tilth_launch_stage *stage);

/* The way by fork, for what posix_spawn has no word for. */
int tilth_proc_fork(const struct tilth_launch *launch, const char *program, pid_t *pid,
                    enum tilth_launch_stage *stage);

/* A close-on-exec pipe with both ends above standard error; false with errno set. */
bool tilth_proc_pipe(int ends[2]);

/* Closes a descriptor once. */
void tilth_proc_close(int *descriptor);

/* Sends a signal to a child that lives, or to its group. */
void tilth_proc_signal(const struct tilth_child *child, int signal);

/* Does anybody in a process group still run? */
bool tilth_proc_group_lives(pid_t group);

/* Sends TERM, and makes KILL follow when the grace is over. */
void tilth_proc_stop(struct tilth_child *child, int signal);

/* Moves the child's data until it has ended (true) or the time is `until` (false). Kills
 * it when its own deadline passes. Raises the interruption after the child is gone.
 * `index` is where the child's userdata is on the stack. */
bool tilth_proc_pump(lua_State *L, struct tilth_child *child, int index, double until);

/* Ends a child and its group at once, without Lua. */
void tilth_proc_reap(struct tilth_child *child);

#endif
