/* The clock that waits and measurements go by. */
#include "monotonic.h"

#include <time.h>

double tilth_monotonic(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double tilth_deadline(double seconds)
{
    return seconds < 0 ? TILTH_FOREVER : tilth_monotonic() + seconds;
}
