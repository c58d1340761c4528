/* A handle of libtilth: its life, its configuration, cancelling. */
#include "instance.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define USAGE 2
#define FAILED 1

const char *tilth_version(void)
{
    return PACKAGE_VERSION;
}

int tilth_api(void)
{
    return TILTH_API;
}

bool tilth_take(struct tilth *handle)
{
    return handle != NULL && !atomic_exchange(&handle->busy, true);
}

void tilth_give(struct tilth *handle)
{
    atomic_store(&handle->busy, false);
}

tilth *tilth_new(void)
{
    struct tilth *handle = calloc(1, sizeof *handle);
    if (handle == NULL)
        return NULL;
    if (!tilth_interrupt_open(&handle->interrupt)) {
        tilth_interrupt_close(&handle->interrupt);
        free(handle);
        return NULL;
    }
    atomic_init(&handle->busy, false);
    return handle;
}

static void free_variable(struct tilth_variable *variable)
{
    free(variable->value);
    free(variable);
}

void tilth_free(tilth *handle)
{
    if (!tilth_take(handle))
        return;
    tilth_outcome_clear(&handle->outcome);
    while (handle->variables != NULL) {
        struct tilth_variable *next = handle->variables->next;
        free_variable(handle->variables);
        handle->variables = next;
    }
    free(handle->folder);
    tilth_interrupt_close(&handle->interrupt);
    free(handle);
}

/* Begins a configuration: 0, or what its function returns at once. */
static int begin(struct tilth *handle)
{
    if (handle == NULL)
        return USAGE;
    if (!tilth_take(handle))
        return TILTH_BUSY;
    tilth_outcome_clear(&handle->outcome);
    return 0;
}

static int end(struct tilth *handle, int status)
{
    tilth_give(handle);
    return status;
}

static int misuse(struct tilth *handle, const char *message)
{
    return end(handle, tilth_outcome_fail(&handle->outcome, USAGE, "usage", message,
                                          "This is a mistake in the calling program."));
}

static int short_of_memory(struct tilth *handle)
{
    return end(handle, tilth_outcome_fail(&handle->outcome, FAILED, "memory",
                                          "not enough memory", NULL));
}

/* The absolute path of a folder, allocated; NULL with errno set. */
static char *absolute_folder(const char *path)
{
    struct stat found;
    char *resolved = realpath(path, NULL);
    if (resolved == NULL)
        return NULL;
    int error = 0;
    if (stat(resolved, &found) != 0 || access(resolved, X_OK) != 0)
        error = errno;
    else if (!S_ISDIR(found.st_mode))
        error = ENOTDIR;
    if (error == 0)
        return resolved;
    free(resolved);
    errno = error;
    return NULL;
}

int tilth_set_folder(tilth *handle, const char *path)
{
    int refused = begin(handle);
    if (refused != 0)
        return refused;
    char *folder = path != NULL ? absolute_folder(path) : NULL;
    if (path != NULL && folder == NULL) {
        char reason[128];
        char message[PATH_MAX + sizeof reason];
        if (strerror_r(errno, reason, sizeof reason) != 0)
            strcpy(reason, "it cannot be used");
        snprintf(message, sizeof message, "tilth_set_folder: %s: %s", path, reason);
        return end(handle, tilth_outcome_fail(&handle->outcome, USAGE, "config", message,
                                              "Name a folder that exists."));
    }
    free(handle->folder);
    handle->folder = folder;
    return end(handle, 0);
}

static struct tilth_variable **find_variable(struct tilth *handle, const char *name)
{
    struct tilth_variable **place = &handle->variables;
    while (*place != NULL && strcmp((*place)->name, name) != 0)
        place = &(*place)->next;
    return place;
}

int tilth_set_variable(tilth *handle, const char *name, const char *value)
{
    int refused = begin(handle);
    if (refused != 0)
        return refused;
    if (name == NULL || name[0] == '\0' || strchr(name, '=') != NULL)
        return misuse(handle, "tilth_set_variable: that is not a variable's name");
    char *copy = value != NULL ? strdup(value) : NULL;
    if (value != NULL && copy == NULL)
        return short_of_memory(handle);
    struct tilth_variable **place = find_variable(handle, name);
    if (*place == NULL) {
        size_t size = strlen(name) + 1;
        struct tilth_variable *made = calloc(1, sizeof *made + size);
        if (made == NULL) {
            free(copy);
            return short_of_memory(handle);
        }
        memcpy(made->name, name, size);
        *place = made;
    }
    free((*place)->value);
    (*place)->value = copy;
    return end(handle, 0);
}

int tilth_set_memory_limit(tilth *handle, size_t bytes)
{
    int refused = begin(handle);
    if (refused != 0)
        return refused;
    handle->memory_limit = bytes;
    return end(handle, 0);
}

int tilth_set_time_limit(tilth *handle, double seconds)
{
    int refused = begin(handle);
    if (refused != 0)
        return refused;
    if (!(seconds >= 0) || !isfinite(seconds))
        return misuse(handle, "tilth_set_time_limit: that is not a time in seconds");
    handle->time_limit = seconds;
    return end(handle, 0);
}

int tilth_set_output(tilth *handle, tilth_output_fn *function, void *user)
{
    int refused = begin(handle);
    if (refused != 0)
        return refused;
    handle->output = function;
    handle->output_user = user;
    return end(handle, 0);
}

int tilth_set_log(tilth *handle, tilth_log_fn *function, void *user)
{
    int refused = begin(handle);
    if (refused != 0)
        return refused;
    handle->log = function;
    handle->log_user = user;
    return end(handle, 0);
}

int tilth_set_progress(tilth *handle, tilth_progress_fn *function, void *user)
{
    int refused = begin(handle);
    if (refused != 0)
        return refused;
    handle->progress = function;
    handle->progress_user = user;
    return end(handle, 0);
}

void tilth_cancel(tilth *handle, int signal)
{
    if (handle == NULL)
        return;
    bool known = signal > 0 && signal < NSIG;
    tilth_interrupt_ask(&handle->interrupt, known ? signal : SIGTERM);
}

int tilth_uncancel(tilth *handle)
{
    int refused = begin(handle);
    if (refused != 0)
        return refused;
    tilth_interrupt_clear(&handle->interrupt);
    return end(handle, 0);
}
