/* Makes, uses and frees handles: `rounds NUMBER [URL]`. Prints what the process holds
 * after a tenth of the rounds and at the end. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tilth.h>
#include <unistd.h>

static long resident_kilobytes(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%ld %ld", &pages, &resident) != 2)
        return -1;
    fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static int count_descriptors(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder != NULL && readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static void ignore_output(void *user, int stream, const char *text, size_t size)
{
    (void)stream;
    (void)text;
    *(size_t *)user += size;
}

/* One that goes well, one that fails, and one that connects. */
static int run_round(const char *url)
{
    static const char well[] =
        "local t = {} for i = 1, 100 do t[i] = i end print(#t) return t, 'x', nil, 1.5";
    static const char bad[] = "error('bad')";
    static const char database[] =
        "local db <close> = require('tilth').connect() "
        "return db:value('select count(*) from generate_series(1, 10)')";
    static const char *const words[] = {"help", "flow"};
    size_t heard = 0;
    tilth *handle = tilth_new();
    int wrong = 0;
    tilth_set_variable(handle, "A", "b");
    tilth_set_output(handle, ignore_output, &heard);
    wrong += tilth_run_string(handle, "well", well, sizeof well - 1, 0, NULL) != 0;
    wrong += tilth_value_count(handle) != 4 || heard == 0;
    wrong += tilth_run_string(handle, "bad", bad, sizeof bad - 1, 0, NULL) != 1;
    wrong += tilth_command(handle, 2, words) != 0;
    if (url != NULL) {
        tilth_set_variable(handle, "DATABASE_URL", url);
        wrong +=
            tilth_run_string(handle, "db", database, sizeof database - 1, 0, NULL) != 0 ||
            strcmp(tilth_value(handle, 0, NULL), "10") != 0;
    }
    tilth_free(handle);
    return wrong;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 1, wrong = 0;
    long kilobytes = 0;
    int descriptors = 0;
    for (int i = 0; i < rounds; i++) {
        if (i == rounds / 10) {
            kilobytes = resident_kilobytes();
            descriptors = count_descriptors();
        }
        wrong += run_round(argc > 2 ? argv[2] : NULL);
    }
    printf("wrong %d\nkilobytes %ld\ndescriptors %d\n", wrong,
           resident_kilobytes() - kilobytes, count_descriptors() - descriptors);
    return wrong != 0;
}
