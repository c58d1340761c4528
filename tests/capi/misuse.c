/* Wrong use of libtilth gives errors as values, and never ends the process. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <tilth.h>

static int failures;

static void expect(int line, const tilth *handle, int result, int wanted,
                   const char *code)
{
    const struct tilth_error *error = tilth_error(handle);
    const char *found = error != NULL && error->code != NULL ? error->code : "none";
    if (result == wanted && strcmp(found, code) == 0 &&
        (error == NULL || (error->message != NULL && error->message[0] != '\0' &&
                           error->status == wanted && error->size == sizeof *error)))
        return;
    printf("misuse.c:%d: %d %s in the place of %d %s\n", line, result, found, wanted,
           code);
    failures++;
}

#define EXPECT(result, wanted, code) expect(__LINE__, handle, result, wanted, code)

static void use_null(void)
{
    tilth *handle = NULL;
    EXPECT(tilth_command(NULL, 0, NULL), 2, "usage");
    EXPECT(tilth_run_file(NULL, "x", 0, NULL), 2, "usage");
    EXPECT(tilth_run_string(NULL, "x", "", 0, 0, NULL), 2, "usage");
    EXPECT(tilth_call(NULL, "x", "y", NULL), 2, "usage");
    EXPECT(tilth_main(NULL, 0, NULL), 2, "usage");
    EXPECT(tilth_set_folder(NULL, "/"), 2, "usage");
    EXPECT(tilth_set_variable(NULL, "A", "b"), 2, "usage");
    EXPECT(tilth_set_memory_limit(NULL, 1), 2, "usage");
    EXPECT(tilth_set_time_limit(NULL, 1), 2, "usage");
    EXPECT(tilth_set_output(NULL, NULL, NULL), 2, "usage");
    EXPECT(tilth_set_log(NULL, NULL, NULL), 2, "usage");
    EXPECT(tilth_set_progress(NULL, NULL, NULL), 2, "usage");
    EXPECT(tilth_uncancel(NULL), 2, "usage");
    EXPECT(tilth_status(NULL), 2, "usage");
    tilth_cancel(NULL, 2);
    tilth_free(NULL);
    if (tilth_report(NULL) != NULL || tilth_value_count(NULL) != 0 ||
        tilth_value(NULL, 0, NULL) != NULL)
        failures++;
}

static void use_wrongly(tilth *handle)
{
    const char *const holed[] = {"seed", NULL};
    EXPECT(tilth_status(handle), 0, "none");
    EXPECT(tilth_command(handle, 0, NULL), 2, "usage");
    EXPECT(tilth_command(handle, 2, NULL), 2, "usage");
    EXPECT(tilth_command(handle, -1, holed), 2, "usage");
    EXPECT(tilth_command(handle, 2, holed), 2, "usage");
    EXPECT(tilth_run_file(handle, NULL, 0, NULL), 2, "usage");
    EXPECT(tilth_run_file(handle, "", 0, NULL), 2, "usage");
    EXPECT(tilth_run_string(handle, NULL, "", 0, 0, NULL), 2, "usage");
    EXPECT(tilth_run_string(handle, "x", NULL, 5, 0, NULL), 2, "usage");
    EXPECT(tilth_call(handle, NULL, "x", NULL), 2, "usage");
    EXPECT(tilth_call(handle, "x", NULL, NULL), 2, "usage");
    EXPECT(tilth_set_folder(handle, "/no/such/folder"), 2, "config");
    EXPECT(tilth_set_folder(handle, "/etc/passwd"), 2, "config");
    EXPECT(tilth_set_variable(handle, NULL, "x"), 2, "usage");
    EXPECT(tilth_set_variable(handle, "", "x"), 2, "usage");
    EXPECT(tilth_set_variable(handle, "A=B", "x"), 2, "usage");
    EXPECT(tilth_set_time_limit(handle, -1), 2, "usage");
    EXPECT(tilth_set_time_limit(handle, NAN), 2, "usage");
    EXPECT(tilth_set_time_limit(handle, INFINITY), 2, "usage");
    EXPECT(tilth_set_time_limit(handle, 0), 0, "none");
    EXPECT(tilth_run_string(handle, "x", NULL, 0, 0, NULL), 0, "none");
    if (tilth_value(handle, -1, NULL) != NULL || tilth_value(handle, 0, NULL) != NULL)
        failures++;
}

/* What a callback may not do: everything but tilth_cancel. */
static void call_back(void *user, int stream, const char *text, size_t size)
{
    tilth *handle = user;
    const char *const words[] = {"--version"};
    (void)stream;
    (void)text;
    (void)size;
    if (tilth_command(handle, 1, words) != TILTH_BUSY ||
        tilth_set_folder(handle, "/") != TILTH_BUSY ||
        tilth_set_time_limit(handle, 1) != TILTH_BUSY ||
        tilth_uncancel(handle) != TILTH_BUSY)
        failures++;
    tilth_free(handle);
}

static void use_while_busy(tilth *handle)
{
    static const char script[] = "print('x') return 'done'";
    EXPECT(tilth_set_output(handle, call_back, handle), 0, "none");
    EXPECT(tilth_run_string(handle, "x", script, sizeof script - 1, 0, NULL), 0, "none");
    if (tilth_value_count(handle) != 1 ||
        strcmp(tilth_value(handle, 0, NULL), "done") != 0)
        failures++;
    EXPECT(tilth_set_output(handle, NULL, NULL), 0, "none");
}

static void cancel_before(tilth *handle)
{
    const char *const words[] = {"--version"};
    tilth_cancel(handle, 2);
    EXPECT(tilth_command(handle, 1, words), 130, "interrupted");
    EXPECT(tilth_command(handle, 1, words), 0, "none");
    tilth_cancel(handle, 0);
    EXPECT(tilth_uncancel(handle), 0, "none");
    EXPECT(tilth_command(handle, 1, words), 0, "none");
}

int main(void)
{
    tilth *handle = tilth_new();
    use_null();
    use_wrongly(handle);
    use_while_busy(handle);
    cancel_before(handle);
    tilth_free(handle);
    printf("%d failures, API %d\n", failures, tilth_api());
    return failures != 0;
}
