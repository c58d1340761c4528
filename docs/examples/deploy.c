/* Runs the flow of a project, says how it goes, and prints the report.
 *
 *   cc deploy.c $(pkg-config --cflags --libs tilth) -o deploy
 *   ./deploy FOLDER [--dry-run]
 *
 * Ctrl-C cancels it: what runs is rolled back. */
#include <signal.h>
#include <stdio.h>
#include <tilth.h>

/* A signal handler takes no argument of ours. */
static tilth *handle;

static void on_signal(int number)
{
    tilth_cancel(handle, number);
}

static void say(void *user, enum tilth_level level, const char *text)
{
    (void)user;
    if (level != TILTH_LEVEL_STATUS && level != TILTH_LEVEL_ERROR)
        fprintf(stderr, "%s%s\n", level == TILTH_LEVEL_WARNING ? "warning: " : "", text);
}

static void explain(const struct tilth_error *error)
{
    fprintf(stderr, "%s: %s\n", error->code, error->message);
    if (error->advice != NULL)
        fprintf(stderr, "%s\n", error->advice);
}

int main(int argc, char **argv)
{
    const char *words[] = {"flow", "--dry-run"};
    if (argc < 2) {
        fprintf(stderr, "usage: deploy FOLDER [--dry-run]\n");
        return 2;
    }
    handle = tilth_new();
    if (handle == NULL)
        return 1;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    tilth_set_log(handle, say, NULL);
    int status = tilth_set_folder(handle, argv[1]);
    if (status == 0)
        status = tilth_command(handle, argc > 2 ? 2 : 1, words);
    if (tilth_error(handle) != NULL)
        explain(tilth_error(handle));
    if (tilth_report(handle) != NULL)
        puts(tilth_report(handle));
    tilth_free(handle);
    return status;
}
