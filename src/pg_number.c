/* Numbers with a fraction as PostgreSQL writes and reads them, whatever sign the locale
 * of a host program puts before the fraction. */
#include "pg.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_point(char *text)
{
    const char *sign = localeconv()->decimal_point;
    char *at = strcmp(sign, ".") != 0 ? strstr(text, sign) : NULL;
    if (at == NULL)
        return;
    const char *fraction = at + strlen(sign);
    *at = '.';
    memmove(at + 1, fraction, strlen(fraction) + 1);
}

int tilth_pg_write_number(char out[40], double value)
{
    if (isnan(value))
        return sprintf(out, "NaN");
    if (isinf(value))
        return sprintf(out, value > 0 ? "Infinity" : "-Infinity");
    /* The shorter of the two forms that read back as the same number: 0.1 must not reach
     * a numeric or text column as 0.10000000000000001. */
    sprintf(out, "%.15g", value);
    if (strtod(out, NULL) != value)
        sprintf(out, "%.17g", value);
    put_point(out);
    return (int)strlen(out);
}

double tilth_pg_read_number(const char *text)
{
    const char *sign = localeconv()->decimal_point;
    const char *point = strcmp(sign, ".") != 0 ? strchr(text, '.') : NULL;
    if (point == NULL)
        return strtod(text, NULL);
    char local[64];
    snprintf(local, sizeof local, "%.*s%s%s", (int)(point - text), text, sign, point + 1);
    return strtod(local, NULL);
}
