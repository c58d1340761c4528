/* Test helper: runs a program on a pseudo-terminal of its own. What comes on standard
 * input is typed, what the program shows goes to standard output. Usage: terminal COLUMNS
 * ROWS PROGRAM [ARGUMENT]... ; ends with the program's status. */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int write_all(int out, const char *bytes, ssize_t count)
{
    for (ssize_t done = 0; done < count;) {
        ssize_t written = write(out, bytes + done, (size_t)(count - done));
        if (written <= 0 && errno != EINTR)
            return 0;
        done += written > 0 ? written : 0;
    }
    return 1;
}

/* Passes on until the program has closed its side. */
static void pass(int terminal)
{
    char buffer[4096];
    struct pollfd sides[2] = {{STDIN_FILENO, POLLIN, 0}, {terminal, POLLIN, 0}};
    while (poll(sides, 2, -1) > 0 || errno == EINTR) {
        if (sides[1].revents != 0) {
            ssize_t got = read(terminal, buffer, sizeof buffer);
            if (got <= 0 || !write_all(STDOUT_FILENO, buffer, got))
                return;
        }
        if (sides[0].revents != 0) {
            ssize_t got = read(STDIN_FILENO, buffer, sizeof buffer);
            if (got <= 0)
                sides[0].fd = -1; /* nothing more is typed; the program goes on */
            else if (!write_all(terminal, buffer, got))
                return;
        }
    }
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fputs("usage: terminal COLUMNS ROWS PROGRAM [ARGUMENT]...\n", stderr);
        return 2;
    }
    struct winsize size = {.ws_col = (unsigned short)atoi(argv[1]),
                           .ws_row = (unsigned short)atoi(argv[2])};
    int terminal;
    pid_t child = forkpty(&terminal, NULL, NULL, &size);
    if (child < 0) {
        perror("forkpty");
        return 1;
    }
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execvp(argv[3], argv + 3);
        perror(argv[3]);
        _exit(127);
    }
    pass(terminal);
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
