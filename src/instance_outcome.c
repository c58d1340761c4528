/* The outcome of a handle's last call. */
#include "instance.h"

#include <stdlib.h>
#include <string.h>

void tilth_outcome_clear(struct tilth_outcome *outcome)
{
    const struct tilth_error *error = &outcome->error;
    const char *const texts[] = {error->code,     error->message, error->advice,
                                 error->sqlstate, error->detail,  error->hint,
                                 error->file};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free((char *)texts[i]);
    for (int i = 0; i < outcome->value_count; i++)
        free(outcome->values[i]);
    free(outcome->values);
    free(outcome->sizes);
    free(outcome->report);
    memset(outcome, 0, sizeof *outcome);
}

int tilth_outcome_fail(struct tilth_outcome *outcome, int status, const char *code,
                       const char *message, const char *advice)
{
    struct tilth_error *error = &outcome->error;
    free((char *)error->code);
    free((char *)error->message);
    free((char *)error->advice);
    /* Without memory the texts are missing, but not the status. */
    error->code = strdup(code);
    error->message = strdup(message);
    error->advice = advice != NULL ? strdup(advice) : NULL;
    error->size = sizeof *error;
    error->status = status;
    outcome->failed = true;
    outcome->status = status;
    return status;
}

int tilth_status(const tilth *handle)
{
    return handle != NULL ? handle->outcome.status : 2;
}

const char *tilth_report(const tilth *handle)
{
    return handle != NULL ? handle->outcome.report : NULL;
}

int tilth_value_count(const tilth *handle)
{
    return handle != NULL ? handle->outcome.value_count : 0;
}

const char *tilth_value(const tilth *handle, int index, size_t *size)
{
    bool there = index >= 0 && index < tilth_value_count(handle);
    const char *value = there ? handle->outcome.values[index] : NULL;
    if (size != NULL)
        *size = value != NULL ? handle->outcome.sizes[index] : 0;
    return value;
}

const struct tilth_error *tilth_error(const tilth *handle)
{
    static const struct tilth_error none = {
        .size = sizeof none,
        .status = 2,
        .code = "usage",
        .message = "the handle is NULL: tilth_new has failed, or was not called",
    };
    if (handle == NULL)
        return &none;
    return handle->outcome.failed ? &handle->outcome.error : NULL;
}
