/* Cancels a script: `cancel thread|handler|twice TEXT`, when it prints "now". */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <tilth.h>
#include <unistd.h>

/* A signal handler takes no argument of ours. */
static tilth *handle;
static int pipe_ends[2];

static void on_signal(int number)
{
    tilth_cancel(handle, number);
}

/* Says to the other thread that the script is where it is to be cancelled. */
static void hear(void *user, int stream, const char *text, size_t size)
{
    (void)user;
    (void)stream;
    for (size_t i = 0; i + 3 <= size; i++)
        if (memcmp(text + i, "now", 3) == 0 && write(pipe_ends[1], "!", 1) < 0)
            perror("write");
}

static void *cancel_by_call(void *how)
{
    char byte;
    int times = strcmp(how, "twice") == 0 ? 2 : 1;
    for (int i = 0; i < times && read(pipe_ends[0], &byte, 1) == 1; i++)
        tilth_cancel(handle, SIGINT);
    return NULL;
}

/* The signal is handled on this thread, which is not the script's. */
static void *cancel_by_signal(void *how)
{
    char byte;
    (void)how;
    if (read(pipe_ends[0], &byte, 1) == 1)
        pthread_kill(pthread_self(), SIGUSR1);
    return NULL;
}

int main(int argc, char **argv)
{
    static const char last[] = "return 'usable'";
    pthread_t thread;
    if (argc < 3 || pipe(pipe_ends) != 0)
        return 1;
    handle = tilth_new();
    tilth_set_output(handle, hear, NULL);
    signal(SIGUSR1, on_signal);
    pthread_create(&thread, NULL,
                   strcmp(argv[1], "handler") == 0 ? cancel_by_signal : cancel_by_call,
                   argv[1]);
    int status =
        tilth_run_string(handle, "cancelled.lua", argv[2], strlen(argv[2]), 0, NULL);
    const struct tilth_error *error = tilth_error(handle);
    printf("%d %s\n", status, error != NULL ? error->code : "none");
    close(pipe_ends[1]);
    pthread_join(thread, NULL);
    status = tilth_run_string(handle, "again.lua", last, strlen(last), 0, NULL);
    printf("%d %s\n", status, status == 0 ? tilth_value(handle, 0, NULL) : "");
    tilth_free(handle);
    return 0;
}
