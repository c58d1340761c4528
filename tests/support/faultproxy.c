/* A TCP proxy in front of a Unix socket that hurts connections on purpose.
 *
 * usage: faultproxy SOCKET [NAME=VALUE]...
 *   c2s_cut=N, s2c_cut=N  bytes that pass from client to server or back before the fault
 *   action=close|rst|hang what the fault is
 *   delay_ms=N, chunk=N   a pause before each piece, and the size of a piece
 *   skip=N, once=1        connections that pass unhurt first; hurt only one
 *
 * Prints "port N" once it listens on 127.0.0.1. Each connection is a child of its own. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BUFFER 65536

enum action { ACTION_CLOSE, ACTION_RST, ACTION_HANG };

struct faults {
    long cut[2]; /* client to server, server to client; -1 for never */
    enum action action;
    long delay_ms, chunk, skip, once;
};

static int fail(const char *what)
{
    fprintf(stderr, "faultproxy: %s: %s\n", what, strerror(errno));
    return 1;
}

static int set_action(struct faults *faults, const char *value)
{
    static const char *const names[] = {"close", "rst", "hang"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(value, names[i]) == 0) {
            faults->action = (enum action)i;
            return 1;
        }
    }
    return 0;
}

/* Reads one NAME=VALUE; 0 when it is neither known nor right. */
static int set_fault(struct faults *faults, const char *argument)
{
    const struct {
        const char *name;
        long *value;
    } known[] = {{"c2s_cut", &faults->cut[0]},    {"s2c_cut", &faults->cut[1]},
                 {"delay_ms", &faults->delay_ms}, {"chunk", &faults->chunk},
                 {"skip", &faults->skip},         {"once", &faults->once}};
    const char *equals = strchr(argument, '=');
    if (equals == NULL)
        return 0;
    size_t length = (size_t)(equals - argument);
    if (length == 6 && strncmp(argument, "action", 6) == 0)
        return set_action(faults, equals + 1);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strlen(known[i].name) == length &&
            strncmp(known[i].name, argument, length) == 0) {
            char *end;
            *known[i].value = strtol(equals + 1, &end, 10);
            return end != equals + 1 && *end == '\0';
        }
    }
    return 0;
}

static void pause_ms(long milliseconds)
{
    struct timespec pause_time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    if (milliseconds > 0)
        nanosleep(&pause_time, NULL);
}

/* Prepares the end of a connection as the fault says; a hang never returns. */
static void strike(const struct faults *faults, int client)
{
    struct linger at_once = {1, 0};
    if (faults->action == ACTION_HANG)
        for (;;)
            pause();
    if (faults->action == ACTION_RST)
        setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static int write_all(int to, const char *data, ssize_t length)
{
    for (ssize_t done = 0; done < length;) {
        ssize_t written = write(to, data + done, (size_t)(length - done));
        if (written <= 0)
            return 0;
        done += written;
    }
    return 1;
}

/* Passes one piece on; 0 when the connection is over. */
static int pass(const struct faults *faults, int from, int to, int client, long *passed,
                long cut)
{
    char buffer[BUFFER];
    size_t want = sizeof buffer;
    if (faults->chunk > 0 && (size_t)faults->chunk < want)
        want = (size_t)faults->chunk;
    if (cut >= 0 && (long)want > cut - *passed)
        want = (size_t)(cut - *passed);
    if (want == 0) {
        strike(faults, client);
        return 0;
    }
    ssize_t got = read(from, buffer, want);
    if (got <= 0)
        return 0;
    pause_ms(faults->delay_ms);
    *passed += got;
    return write_all(to, buffer, got);
}

static void serve(const struct faults *faults, int client, int server)
{
    struct pollfd sides[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    long passed[2] = {0, 0};
    while (poll(sides, 2, -1) > 0) {
        for (int i = 0; i < 2; i++) {
            if (sides[i].revents != 0 && !pass(faults, sides[i].fd, sides[1 - i].fd,
                                               client, &passed[i], faults->cut[i]))
                return;
        }
    }
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (server >= 0 &&
        connect(server, (struct sockaddr *)&address, sizeof address) != 0) {
        close(server);
        return -1;
    }
    return server;
}

/* Listens on a free port and says which. */
static int listen_somewhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 ||
        bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 64) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0)
        return -1;
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

/* The child of one connection. */
static void handle(const struct faults *faults, int client, const char *path, int hurt)
{
    static const struct faults none = {.cut = {-1, -1}};
    int on = 1;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int server = connect_to(path);
    if (server < 0)
        _exit(fail(path));
    serve(hurt ? faults : &none, client, server);
    _exit(0);
}

int main(int argc, char **argv)
{
    struct faults faults = {.cut = {-1, -1}};
    if (argc < 2 || strlen(argv[1]) >= sizeof((struct sockaddr_un *)0)->sun_path) {
        fputs("usage: faultproxy SOCKET [NAME=VALUE]...\n", stderr);
        return 2;
    }
    for (int i = 2; i < argc; i++) {
        if (!set_fault(&faults, argv[i])) {
            fprintf(stderr, "faultproxy: not understood: %s\n", argv[i]);
            return 2;
        }
    }
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    int listener = listen_somewhere();
    if (listener < 0)
        return fail("listen");
    for (long number = 0;; number++) {
        int client = accept(listener, NULL, NULL);
        if (client < 0)
            continue;
        int hurt = number >= faults.skip && (!faults.once || number == faults.skip);
        pid_t child = fork();
        if (child == 0)
            handle(&faults, client, argv[1], hurt);
        if (child < 0)
            fail("fork");
        close(client);
    }
}
