/* libtilth: database operations for deployments, embedded in a C or C++ program.
 *
 * A handle (tilth *) holds a configuration and the outcome of the last call. Each call
 * starts afresh, as the program tilth does: no connection, child process, variable or Lua
 * value of one call is left to the next.
 *
 * Handles know nothing of each other: any number may work at once, each in one thread at
 * a time. Nothing is printed unless tilth_main is called or tilth_set_output asks for it;
 * the process's variables, current folder, signal handlers and standard streams are never
 * changed, and nothing here ends the process.
 *
 * docs/c-api.md and libtilth(3) have examples. */
#ifndef TILTH_H
#define TILTH_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which functions this header knows. It grows when functions are added; nothing that is
 * here is ever taken away or changed without a new name of the shared library. */
#define TILTH_API 1

typedef struct tilth tilth;

/* What calls return beside exit statuses, which are 0 to 255: the handle is at work
 * already, in another thread or in the callback from which it was called. Nothing was
 * done and nothing about the handle has changed. */
#define TILTH_BUSY (-1)

/*** Version ***/

/* The version of this library, such as "0.1.0". */
const char *tilth_version(void);

/* TILTH_API of the library that is linked: may be greater than the header's. */
int tilth_api(void);

/*** Life ***/

/* A new handle, or NULL when memory or descriptors (it takes two) are short. */
tilth *tilth_new(void);

/* Frees a handle and the texts it has given. NULL is allowed. Not while it works: then
 * nothing is done. */
void tilth_free(tilth *handle);

/*** Configuration: for all calls to come. 0, TILTH_BUSY, or 2 with tilth_error set. ***/

/* The folder that calls work in, as if the program had been started there; NULL for the
 * process's own at the time of the call. It must exist. A project is looked for from
 * there upward. */
int tilth_set_folder(tilth *handle, const char *path);

/* A variable that calls and the programs they start see in the place of the process's
 * own; with NULL as value they do not see that of the process. DATABASE_URL,
 * RESET_DATABASE, RUN_SEED, TILTH_ENV, TILTH_LUADIR (Lua modules from a folder) ... */
int tilth_set_variable(tilth *handle, const char *name, const char *value);

/* The most memory that Lua may take in one call, in bytes; 0 for no limit. */
int tilth_set_memory_limit(tilth *handle, size_t bytes);

/* The most time that one call may take, in seconds; 0 for no limit. What runs then is
 * cancelled and rolled back, as by tilth_cancel, within five seconds more. */
int tilth_set_time_limit(tilth *handle, double seconds);

/* Callbacks are called from the thread that called, while it waits for the call's end.
 * They may not call the same handle (TILTH_BUSY), but tilth_cancel; no longjmp and no C++
 * exception may leave them. `user` is what was given with the callback. */

/* Takes what would be printed: stream 1 is standard output, 2 standard error, of scripts
 * and of child processes too. `text` is not zero-terminated. */
typedef void tilth_output_fn(void *user, int stream, const char *text, size_t size);

/* Sends output to a callback; NULL for none, which is the default. */
int tilth_set_output(tilth *handle, tilth_output_fn *function, void *user);

enum tilth_level {
    TILTH_LEVEL_STATUS = 0,  /* what goes on just now; the next one replaces it */
    TILTH_LEVEL_INFO = 1,    /* progress: "Applying migration `...`" */
    TILTH_LEVEL_DONE = 2,    /* something has been done, with its time */
    TILTH_LEVEL_NOTE = 3,    /* a remark that needs no action */
    TILTH_LEVEL_WARNING = 4, /* something to look at */
    TILTH_LEVEL_ERROR = 5    /* what tilth_error says as well */
};

/* Takes a line of the log, in plain text, without a newline and without secrets. */
typedef void tilth_log_fn(void *user, enum tilth_level level, const char *text);

/* Sends the log to a callback; NULL for none, which is the default. */
int tilth_set_log(tilth *handle, tilth_log_fn *function, void *user);

/* How far long work is. Later versions may have more fields: `size` is that of the
 * library's. */
struct tilth_progress {
    size_t size;
    const char *label; /* what is counted, such as the seed's name */
    long long done;
    long long total; /* -1 when unknown */
};

/* Takes the progress of long work, ten times a second at most. Another value than 0
 * cancels the call, as tilth_cancel does. */
typedef int tilth_progress_fn(void *user, const struct tilth_progress *progress);

/* Sends progress to a callback; NULL for none, which is the default. */
int tilth_set_progress(tilth *handle, tilth_progress_fn *function, void *user);

/*** Calls. They return an exit status, or TILTH_BUSY:
 * 0 done, 1 failed, 2 wrong usage or configuration, 3 refused by a safety check, 4
 * database out of reach, 99 a bug in tilth, 128 + signal when cancelled. The build's own
 * status is passed through. ***/

/* Runs a command of tilth, such as {"flow", "--dry-run"}: `count` words without the
 * program's name. Prints nothing; tilth_report has the JSON document. */
int tilth_command(tilth *handle, int count, const char *const *words);

/* Runs a Lua script from a file, as `tilth run` does. The words are its arguments; what
 * it returns is in tilth_value and in the report. `nil, message` makes it fail. */
int tilth_run_file(tilth *handle, const char *path, int count, const char *const *words);

/* The same for a script in memory. Its errors call it by `name`; modules and relative
 * paths are looked for in the folder. */
int tilth_run_string(tilth *handle, const char *name, const char *text, size_t size,
                     int count, const char *const *words);

/* Calls a function of a Lua module, of tilth's ("tilth.url", "mask") or of the project.
 * `arguments` is a JSON list, or NULL for none. What it returns is as of a script. */
int tilth_call(tilth *handle, const char *module, const char *function,
               const char *arguments);

/* Runs a command line as the program does: argv[0], its name, is skipped. Prints to the
 * process's standard output and error, unless tilth_set_output has a callback; reads from
 * standard input where it asks. */
int tilth_main(tilth *handle, int argc, char **argv);

/*** Outcome of the last call. All texts are UTF-8 as far as their sources are, and valid
 * until the next call, or tilth_free. ***/

/* Its exit status; 0 when there was none. */
int tilth_status(const tilth *handle);

/* The JSON document that --json prints, also after a failure, which has "ok": false and
 * "error": {...}. NULL when there is none, as after a call that was cancelled before it
 * began. A script's has "values". */
const char *tilth_report(const tilth *handle);

/* How many values a script or function returned. */
int tilth_value_count(const tilth *handle);

/* One of them, from 0: a string as it is (it may hold zero bytes: *size is its length), a
 * number or boolean as text, a table as JSON. NULL for nil, and when there is no such
 * value. `size` may be NULL. */
const char *tilth_value(const tilth *handle, int index, size_t *size);

/* An error: what happened, where, and what to do. Texts are NULL and numbers 0 where
 * there is nothing to say. Later versions may have more fields: `size` is that of the
 * library's.
 */
struct tilth_error {
    size_t size;
    int status;          /* the exit status */
    const char *code;    /* P1001 and the like (Prisma's), a SQLSTATE such as 23505, an
                            errno as a number, or a word: usage, config, unsafe,
                            unreachable, interrupted, limit, memory, bug, failed */
    const char *message; /* never empty */
    const char *advice;  /* what to do next */
    const char *sqlstate;
    const char *detail; /* the server's DETAIL */
    const char *hint;   /* the server's HINT */
    const char *file;   /* where it happened */
    int line;
    int column;
};

/* The error of the last call or configuration, or NULL when it went well. */
const struct tilth_error *tilth_error(const tilth *handle);

/*** Cancelling ***/

/* Cancels what the handle does, as if the program had received this signal (0: SIGTERM):
 * the running query is cancelled on the server, transactions are rolled back, child
 * processes get the signal. The call returns 128 + signal. A second time ends the
 * clean-up too, which otherwise may take five seconds. From any thread, and from a signal
 * handler in any thread. While nothing runs, it holds for the next call, which does
 * nothing then. */
void tilth_cancel(tilth *handle, int signal);

/* Forgets a cancellation that came while nothing ran. 0 or TILTH_BUSY. */
int tilth_uncancel(tilth *handle);

#ifdef __cplusplus
}
#endif

#endif
