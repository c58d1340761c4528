/* Makes one call of libtilth as the command line says, and prints all that came of it.
 *
 *   drive [--folder DIR] [--set NAME=VALUE] [--unset NAME] [--time SECONDS] [--memory
 * BYTES]
 *         [--output] [--log] [--progress] [--stop] VERB ...
 *   VERB: command WORD... | file PATH WORD... | text TEXT WORD... | call MODULE FUNCTION
 *         [JSON] | main WORD...
 *
 * --stop cancels by the first call of the progress callback. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tilth.h>

static void print_output(void *user, int stream, const char *text, size_t size)
{
    (void)user;
    printf("output %d: %.*s\n", stream, (int)size, text);
}

static void print_log(void *user, enum tilth_level level, const char *text)
{
    (void)user;
    printf("log %d: %s\n", (int)level, text);
}

static int print_progress(void *user, const struct tilth_progress *progress)
{
    printf("progress: %s %lld of %lld\n", progress->label, progress->done,
           progress->total);
    return user != NULL;
}

static void print_text(const char *name, const char *text)
{
    if (text != NULL)
        printf("%s: %s\n", name, text);
}

static void print_outcome(const tilth *handle, int result)
{
    const struct tilth_error *error = tilth_error(handle);
    printf("result: %d\nstatus: %d\n", result, tilth_status(handle));
    if (error != NULL) {
        printf("error status: %d\n", error->status);
        print_text("code", error->code);
        print_text("message", error->message);
        print_text("advice", error->advice);
        print_text("sqlstate", error->sqlstate);
        print_text("detail", error->detail);
        print_text("hint", error->hint);
        print_text("file", error->file);
        printf("line: %d\ncolumn: %d\n", error->line, error->column);
    }
    for (int i = 0; i < tilth_value_count(handle); i++) {
        size_t size;
        const char *value = tilth_value(handle, i, &size);
        printf("value %d: %zu %s\n", i, size, value != NULL ? value : "nil");
    }
    print_text("report", tilth_report(handle));
}

static int set_pair(tilth *handle, char *pair)
{
    char *equals = strchr(pair, '=');
    *equals = '\0';
    return tilth_set_variable(handle, pair, equals + 1);
}

/* Takes one option; how many words it was, 0 when it is none. */
static int configure(tilth *handle, char **words, int *result)
{
    if (strcmp(words[0], "--output") == 0)
        return *result = tilth_set_output(handle, print_output, NULL), 1;
    if (strcmp(words[0], "--log") == 0)
        return *result = tilth_set_log(handle, print_log, NULL), 1;
    if (strcmp(words[0], "--progress") == 0)
        return *result = tilth_set_progress(handle, print_progress, NULL), 1;
    if (strcmp(words[0], "--stop") == 0)
        return *result = tilth_set_progress(handle, print_progress, handle), 1;
    if (strcmp(words[0], "--folder") == 0)
        return *result = tilth_set_folder(handle, words[1]), 2;
    if (strcmp(words[0], "--set") == 0)
        return *result = set_pair(handle, words[1]), 2;
    if (strcmp(words[0], "--unset") == 0)
        return *result = tilth_set_variable(handle, words[1], NULL), 2;
    if (strcmp(words[0], "--time") == 0)
        return *result = tilth_set_time_limit(handle, atof(words[1])), 2;
    if (strcmp(words[0], "--memory") == 0)
        return *result = tilth_set_memory_limit(handle, strtoul(words[1], NULL, 10)), 2;
    return 0;
}

static int call(tilth *handle, int count, char **words)
{
    const char *const *rest = (const char *const *)words;
    const char *verb = words[0];
    if (strcmp(verb, "command") == 0)
        return tilth_command(handle, count - 1, rest + 1);
    if (strcmp(verb, "file") == 0)
        return tilth_run_file(handle, words[1], count - 2, rest + 2);
    if (strcmp(verb, "text") == 0)
        return tilth_run_string(handle, "driven.lua", words[1], strlen(words[1]),
                                count - 2, rest + 2);
    if (strcmp(verb, "call") == 0)
        return tilth_call(handle, words[1], words[2], count > 3 ? words[3] : NULL);
    return tilth_main(handle, count, words);
}

int main(int argc, char **argv)
{
    tilth *handle = tilth_new();
    int i = 1, used, result = 0;
    if (handle == NULL)
        return 1;
    while (i < argc && (used = configure(handle, argv + i, &result)) > 0) {
        i += used;
        if (result != 0) {
            print_outcome(handle, result);
            tilth_free(handle);
            return 0;
        }
    }
    result = call(handle, argc - i, argv + i);
    fflush(stdout);
    print_outcome(handle, result);
    tilth_free(handle);
    return 0;
}
