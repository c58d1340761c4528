/* A handle of libtilth from within. */
#ifndef TILTH_INSTANCE_H
#define TILTH_INSTANCE_H

#include "interrupt.h"
#include "tilth.h"

#include <lua.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

struct tilth_variable {
    struct tilth_variable *next;
    char *value; /* NULL: not set, whatever the process's own */
    char name[];
};

struct tilth_outcome {
    struct tilth_error error; /* its texts are allocated one by one */
    bool failed;
    int status;
    char *report;
    char **values;
    size_t *sizes;
    int value_count;
};

struct tilth {
    struct tilth_interrupt interrupt;
    atomic_bool busy;
    char *folder;
    struct tilth_variable *variables;
    size_t memory_limit; /* 0: none */
    size_t memory_used;
    bool memory_refused;
    double time_limit; /* 0: none */
    tilth_output_fn *output;
    void *output_user;
    tilth_log_fn *log;
    void *log_user;
    tilth_progress_fn *progress;
    void *progress_user;
    struct tilth_outcome outcome;
};

/* Takes the handle for this thread. False: it is at work, or NULL. */
bool tilth_take(struct tilth *handle);

/* Gives it back. */
void tilth_give(struct tilth *handle);

/* Forgets the last outcome. */
void tilth_outcome_clear(struct tilth_outcome *outcome);

/* Sets an error of few words; the status is its result. */
int tilth_outcome_fail(struct tilth_outcome *outcome, int status, const char *code,
                       const char *message, const char *advice);

/* Pushes the table of functions that the Lua side tells the outcome and the log. */
void tilth_instance_push_host(lua_State *L, struct tilth *handle);

/* Opens a file whose text goes to the output callback; NULL when memory is short. */
FILE *tilth_instance_output(struct tilth *handle, int stream);

/* Puts streams of the handle in the place of the state's standard streams. */
void tilth_instance_set_streams(lua_State *L, FILE *const streams[3]);

#endif
