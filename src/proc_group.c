/* Does anybody in a process group still run? kill(2) cannot say: it counts the dead too,
 * and in a container whose first process reaps late or never, the dead stay. */
#include "proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Reads the state and the group of a process; false when it is gone. */
static bool read_process(int proc, const char *name, char *state, int *group)
{
    char path[64];
    char text[512];
    snprintf(path, sizeof path, "%.20s/stat", name);
    int file = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    text[length > 0 ? length : 0] = '\0';
    /* The second field is the program's name in brackets, and may hold some itself. */
    const char *end = strrchr(text, ')');
    return end != NULL && sscanf(end + 1, " %c %*d %d", state, group) == 2;
}

bool tilth_proc_group_lives(pid_t group)
{
    if (kill(-group, 0) != 0 && errno == ESRCH)
        return false;
    DIR *processes = opendir("/proc");
    if (processes == NULL)
        return true;
    bool seen = false;
    bool lives = false;
    const struct dirent *entry;
    while (!lives && (entry = readdir(processes)) != NULL) {
        char state;
        int its_group;
        if (!isdigit((unsigned char)entry->d_name[0]) ||
            !read_process(dirfd(processes), entry->d_name, &state, &its_group))
            continue;
        seen = true;
        lives = its_group == (int)group && state != 'Z' && state != 'X';
    }
    closedir(processes);
    return lives || !seen; /* a folder that is no proc file system tells nothing */
}
