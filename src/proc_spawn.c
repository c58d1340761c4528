/* Launches a child: finds the program and hands it to posix_spawn, or to fork where
 * asked. */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* glibc before 2.34 cannot close what a host program left open: fork then takes over. */
#ifdef HAVE_POSIX_SPAWN_FILE_ACTIONS_ADDCLOSEFROM_NP
static const bool spawn_has_closefrom = true;

static int close_others(posix_spawn_file_actions_t *actions)
{
    return posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
}
#else
static const bool spawn_has_closefrom = false;

static int close_others(posix_spawn_file_actions_t *actions)
{
    (void)actions;
    return ENOSYS;
}
#endif

#ifdef HAVE_POSIX_SPAWN_FILE_ACTIONS_ADDCHDIR_NP
static const bool spawn_has_chdir = true;

static int change_folder(posix_spawn_file_actions_t *actions, const char *folder)
{
    return posix_spawn_file_actions_addchdir_np(actions, folder);
}
#else
static const bool spawn_has_chdir = false;

static int change_folder(posix_spawn_file_actions_t *actions, const char *folder)
{
    (void)actions;
    (void)folder;
    return ENOSYS;
}
#endif

void tilth_proc_close(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

/* Out of the way of 0 to 2, which may be free in a program that closed them. */
static bool move_up(int *descriptor)
{
    if (*descriptor > STDERR_FILENO)
        return true;
    int moved = fcntl(*descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int error = errno;
    close(*descriptor);
    *descriptor = moved;
    errno = error;
    return moved >= 0;
}

bool tilth_proc_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0) {
        ends[0] = ends[1] = -1;
        return false;
    }
    if (move_up(&ends[0]) && move_up(&ends[1]))
        return true;
    int error = errno;
    tilth_proc_close(&ends[0]);
    tilth_proc_close(&ends[1]);
    errno = error;
    return false;
}

/* Can `program` be run, seen from the folder? 0 or an errno. */
static int check_program(int folder, const char *program)
{
    struct stat found;
    if (fstatat(folder, program, &found, 0) != 0)
        return errno;
    if (!S_ISREG(found.st_mode))
        return EACCES;
    return faccessat(folder, program, X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

static const char *variable(char *const *environment, const char *name)
{
    size_t length = strlen(name);
    for (; *environment != NULL; environment++) {
        if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
            return *environment + length + 1;
    }
    return NULL;
}

/* Searches the child's own PATH, not ours, as seen from its folder. 0 or an errno. */
static int search(const char *name, const char *path, int folder, char *program)
{
    int error = ENOENT;
    for (const char *end = path; end != NULL; path = end + 1) {
        end = strchr(path, ':');
        int length = end != NULL ? (int)(end - path) : (int)strlen(path);
        int size = length == 0
                       ? snprintf(program, PATH_MAX, "./%s", name)
                       : snprintf(program, PATH_MAX, "%.*s/%s", length, path, name);
        int failed = size < PATH_MAX ? check_program(folder, program) : ENAMETOOLONG;
        if (failed == 0)
            return 0;
        /* Something is there that may not be run; a folder closed to us tells nothing. */
        if (failed == EACCES && faccessat(folder, program, F_OK, AT_EACCESS) == 0)
            error = EACCES;
        if (end == NULL)
            break;
    }
    return error;
}

/* The program's path in `program` (PATH_MAX bytes), and whether the folder is there at
 * all. */
static int find_program(const struct tilth_launch *launch, char *program,
                        enum tilth_launch_stage *stage)
{
    int folder = AT_FDCWD;
    if (launch->folder != NULL) {
        *stage = TILTH_AT_FOLDER;
        folder = open(launch->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0)
            return errno;
    }
    const char *name = launch->arguments[0];
    int error = 0;
    if (strchr(name, '/') != NULL) {
        *stage = TILTH_AT_PROGRAM;
        if (snprintf(program, PATH_MAX, "%s", name) >= PATH_MAX)
            error = ENAMETOOLONG;
        else
            error = check_program(folder, program);
        /* Whether it may be run is another user's matter then. */
        if (error == EACCES && launch->drop_user)
            error = 0;
    } else {
        *stage = TILTH_AT_SEARCH;
        const char *path = variable(launch->environment, "PATH");
        error = search(name, path != NULL ? path : "/usr/local/bin:/usr/bin:/bin", folder,
                       program);
    }
    if (folder != AT_FDCWD)
        close(folder);
    return error;
}

static int add_descriptors(posix_spawn_file_actions_t *actions,
                           const struct tilth_launch *launch)
{
    int error = 0;
    for (int i = 0; i < 3 && error == 0; i++) {
        if (launch->flows[i] == TILTH_NULL)
            error = posix_spawn_file_actions_addopen(actions, i, "/dev/null",
                                                     i == 0 ? O_RDONLY : O_WRONLY, 0);
        else if (launch->descriptors[i] >= 0)
            error = posix_spawn_file_actions_adddup2(actions, launch->descriptors[i], i);
    }
    if (error == 0)
        error = close_others(actions);
    if (error == 0 && launch->folder != NULL)
        error = change_folder(actions, launch->folder);
    return error;
}

static int set_attributes(posix_spawnattr_t *attributes, bool group)
{
    sigset_t defaults;
    sigset_t none;
    struct sigaction hangup;
    sigfillset(&defaults);
    sigemptyset(&none);
    /* nohup(1) is meant for the children too. */
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler == SIG_IGN)
        sigdelset(&defaults, SIGHUP);
    short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    if (group)
        flags |= POSIX_SPAWN_SETPGROUP;
    posix_spawnattr_setsigdefault(attributes, &defaults);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setpgroup(attributes, 0);
    return posix_spawnattr_setflags(attributes, flags);
}

static int spawn(const struct tilth_launch *launch, const char *program, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        error = add_descriptors(&actions, launch);
        if (error == 0)
            error = set_attributes(&attributes, launch->group);
        if (error == 0)
            error = posix_spawn(pid, program, &actions, &attributes, launch->arguments,
                                launch->environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

int tilth_proc_launch(const struct tilth_launch *launch, pid_t *pid,
                      enum tilth_launch_stage *stage)
{
    char program[PATH_MAX];
    int error = find_program(launch, program, stage);
    if (error != 0)
        return error;
    *stage = TILTH_AT_PROGRAM;
    bool needs_fork = launch->detach || launch->drop_user || launch->drop_group ||
                      launch->death_signal != 0 || !spawn_has_closefrom ||
                      (launch->folder != NULL && !spawn_has_chdir);
    error = needs_fork ? tilth_proc_fork(launch, program, pid, stage)
                       : spawn(launch, program, pid);
    if (error == ENOENT && *stage == TILTH_AT_PROGRAM)
        *stage = TILTH_AT_SCRIPT; /* the program itself was just there */
    return error;
}
