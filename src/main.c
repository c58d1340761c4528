/* The program: a runtime, signal handlers, the command line. */
#include "interrupt.h"
#include "tilth.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A signal handler takes no argument of ours, so the one runtime of the program is here.
 */
static tilth *runtime;

static void on_signal(int signal)
{
    /* Whoever asks a third time does not want to wait for the clean-up. A prompt that has
     * dealt with an interruption counts anew. */
    if (tilth_interrupt_count(runtime) >= 2)
        _exit(128 + signal);
    tilth_cancel(runtime, signal);
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

int main(int argc, char **argv)
{
    runtime = tilth_new();
    if (runtime == NULL) {
        fputs("tilth: not enough memory to start\n", stderr);
        return 99;
    }
    handle(SIGINT);
    handle(SIGTERM);
    handle(SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    int status = tilth_main(runtime, argc, argv);
    if (fflush(stdout) != 0 && status == 0)
        status = 1;
#ifdef TILTH_FREE_AT_EXIT
    tilth_free(runtime);
#endif
    /* Connections and children are closed by then; memory goes with the process. */
    return status;
}
