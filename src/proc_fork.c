/* Launches a child by fork, for what posix_spawn cannot: another user, a session of its
 * own, an end together with this process. It copies page tables, so it costs more in a
 * big one. */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where the child keeps the pipe of its report: the first one that it may not inherit. */
#define REPORT (STDERR_FILENO + 1)

struct failure {
    enum tilth_launch_stage stage;
    int error;
};

/* The rest of this half runs in the child, where only async-signal-safe calls are
 * allowed. */

static void give_up(int report, enum tilth_launch_stage stage)
{
    struct failure failure = {stage, errno};
    if (write(report, &failure, sizeof failure) < 0) {
        /* The parent is gone: nobody is left to tell. */
    }
    _exit(127);
}

static void reset_signals(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    struct sigaction old;
    sigset_t none;
    for (int i = 1; i < NSIG; i++) {
        bool keep =
            i == SIGHUP && sigaction(i, NULL, &old) == 0 && old.sa_handler == SIG_IGN;
        if (!keep)
            sigaction(i, &action, NULL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void connect_descriptors(const struct tilth_launch *launch, int report)
{
    for (int i = 0; i < 3; i++) {
        int source = launch->descriptors[i];
        if (launch->flows[i] == TILTH_NULL)
            source = open("/dev/null", (i == 0 ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
        else if (source < 0)
            continue;
        /* dup2 of a descriptor onto itself would leave it close-on-exec. */
        if (source == i ? fcntl(i, F_SETFD, 0) < 0 : dup2(source, i) < 0)
            give_up(report, TILTH_AT_SYSTEM);
    }
}

static void change_user(const struct tilth_launch *launch, int report)
{
    if ((launch->drop_user || launch->drop_group) && geteuid() == 0 &&
        setgroups(0, NULL) != 0)
        give_up(report, TILTH_AT_USER);
    if (launch->drop_group && setgid(launch->gid) != 0)
        give_up(report, TILTH_AT_USER);
    if (launch->drop_user && setuid(launch->uid) != 0)
        give_up(report, TILTH_AT_USER);
}

static void become(const struct tilth_launch *launch, const char *program, pid_t parent,
                   int report)
{
    if (launch->detach ? setsid() < 0 : launch->group && setpgid(0, 0) != 0)
        give_up(report, TILTH_AT_SYSTEM);
    change_user(launch, report);
    if (launch->death_signal != 0) {
        /* After the change of user, which would forget it. */
        if (prctl(PR_SET_PDEATHSIG, launch->death_signal) != 0)
            give_up(report, TILTH_AT_SYSTEM);
        if (getppid() != parent)
            _exit(127);
    }
    if (launch->folder != NULL && chdir(launch->folder) != 0)
        give_up(report, TILTH_AT_FOLDER);
    reset_signals();
    connect_descriptors(launch, report);
    /* Our own are close-on-exec, but a host program's may not be. */
    if (report != REPORT && dup3(report, REPORT, O_CLOEXEC) < 0)
        give_up(report, TILTH_AT_SYSTEM);
    report = REPORT;
    syscall(SYS_close_range, REPORT + 1U, ~0U, 0);
    execve(program, launch->arguments, launch->environment);
    give_up(report, TILTH_AT_PROGRAM);
}

/* What the child reports; no error when exec has closed the pipe. */
static struct failure read_report(int report)
{
    struct failure failure = {TILTH_AT_PROGRAM, 0};
    ssize_t count;
    do
        count = read(report, &failure, sizeof failure);
    while (count < 0 && errno == EINTR);
    if (count != (ssize_t)sizeof failure)
        failure.error = count < 0 ? errno : 0;
    return failure;
}

int tilth_proc_fork(const struct tilth_launch *launch, const char *program, pid_t *pid,
                    enum tilth_launch_stage *stage)
{
    int report[2];
    sigset_t all;
    sigset_t old;
    *stage = TILTH_AT_SYSTEM;
    if (!tilth_proc_pipe(report))
        return errno;
    pid_t parent = getpid();
    /* Blocked until the child has its own: a handler of ours must not run there. */
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old);
    pid_t child = fork();
    if (child == 0)
        become(launch, program, parent, report[1]);
    int error = errno;
    sigprocmask(SIG_SETMASK, &old, NULL);
    tilth_proc_close(&report[1]);
    struct failure failure = {TILTH_AT_SYSTEM, error};
    if (child > 0)
        failure = read_report(report[0]);
    tilth_proc_close(&report[0]);
    *stage = failure.stage;
    if (failure.error != 0) {
        if (child > 0)
            waitpid(child, NULL, 0);
        return failure.error;
    }
    *pid = child;
    return 0;
}
