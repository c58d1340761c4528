/* Time for the core: seconds on the monotonic clock. */
#ifndef TILTH_MONOTONIC_H
#define TILTH_MONOTONIC_H

#define TILTH_FOREVER (-1.0)

/* Seconds on the monotonic clock. */
double tilth_monotonic(void);

/* The moment `seconds` from now on that clock; TILTH_FOREVER for a negative number. */
double tilth_deadline(double seconds);

#endif
