/* libtilth: database operations for deployments, embedded in a C program. */
#ifndef TILTH_H
#define TILTH_H

#ifdef __cplusplus
extern "C" {
#endif

/* One independent runtime: a Lua state with tilth's modules. Use it from one thread at a
 * time. */
typedef struct tilth tilth;

/* The version of this library, such as "0.1.0". */
const char *tilth_version(void);

/* A new runtime, or NULL when memory is short. */
tilth *tilth_new(void);

/* Frees a runtime, its connections and its children's handles. NULL is allowed. */
void tilth_free(tilth *runtime);

/* Runs a command line as the program does (argv[0] is the program's name) and returns its
 * exit status: 0 done, 1 failed, 2 wrong usage or configuration, 3 refused by a safety
 * check, 4 database out of reach, 99 a bug in tilth, 128 + signal when interrupted. */
int tilth_main(tilth *runtime, int argc, char **argv);

/* Interrupts what the runtime does, as if it had received this signal: the running query
 * is cancelled, transactions roll back, children end. Safe in a signal handler. */
void tilth_cancel(tilth *runtime, int signal);

#ifdef __cplusplus
}
#endif

#endif
