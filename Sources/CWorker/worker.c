#define _GNU_SOURCE
#include "CWorker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

// What a reader of pictures and documents may need to know: where libraries and fonts lie.
static const char *const wanted[] = {"HOME=", "LANG=", "LC_ALL=", "LD_LIBRARY_PATH=", "PATH=", "TZ=", "FONTCONFIG_FILE=",
                                     "FONTCONFIG_PATH=", "XDG_CACHE_HOME=", "XDG_DATA_HOME=", "XDG_DATA_DIRS="};
enum { WANTED = sizeof wanted / sizeof *wanted };

int akashi_worker_start(const char *path, char *const arguments[], pid_t *process, int *link) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return errno;
    // A crash is not worth the time of a backtrace that nobody sees.
    static char no_backtrace[] = "SWIFT_BACKTRACE=enable=no";
    char *environment[WANTED + 2] = {no_backtrace};
    size_t count = 1;
    for (char **variable = environ; variable && *variable; variable++)
        for (size_t i = 0; i < WANTED && count <= WANTED; i++)
            if (strncmp(*variable, wanted[i], strlen(wanted[i])) == 0) environment[count++] = *variable;
    environment[count] = NULL;

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error == 0) {
        error = posix_spawnattr_init(&attributes);
        if (error == 0) {
            sigset_t none, all;
            sigemptyset(&none);
            sigfillset(&all);
            sigdelset(&all, SIGKILL);
            sigdelset(&all, SIGSTOP);
            // A group of its own: who interrupts the service from a terminal lets it end its workers itself.
            if (!error) error = posix_spawnattr_setpgroup(&attributes, 0);
            if (!error) error = posix_spawnattr_setsigmask(&attributes, &none);
            if (!error) error = posix_spawnattr_setsigdefault(&attributes, &all);
            if (!error)
                error = posix_spawnattr_setflags(
                    &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
            if (!error) error = posix_spawn_file_actions_adddup2(&actions, ends[1], 0);
            if (!error) error = posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
            if (!error) error = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
            if (!error) error = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
            if (!error) error = posix_spawn(process, path, &actions, &attributes, arguments, environment);
            posix_spawnattr_destroy(&attributes);
        }
        posix_spawn_file_actions_destroy(&actions);
    }
    close(ends[1]);
    if (!error && fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
        error = errno;
        akashi_worker_end(*process, -1);
    }
    if (error) {
        close(ends[0]);
        return error;
    }
    *link = ends[0];
    return 0;
}

static int is_not_now(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

ssize_t akashi_worker_send(int link, const void *bytes, size_t count) {
    ssize_t sent = send(link, bytes, count, MSG_NOSIGNAL);
    return sent >= 0 ? sent : is_not_now(errno) ? 0 : -1;
}

void akashi_worker_finish(int link) { shutdown(link, SHUT_WR); }

ssize_t akashi_worker_receive(int link, void *bytes, size_t count) {
    ssize_t received = recv(link, bytes, count, 0);
    if (received > 0) return received;
    if (received == 0) return -1;
    return is_not_now(errno) ? 0 : -2;
}

int akashi_worker_wait(int link, int writes, int milliseconds) {
    struct pollfd ready = {.fd = link, .events = (short)(writes ? POLLIN | POLLOUT : POLLIN)};
    int count = poll(&ready, 1, milliseconds);
    return count > 0 ? 1 : count == 0 || errno == EINTR ? 0 : -1;
}

void akashi_worker_end(pid_t process, int link) {
    if (link >= 0) close(link);
    kill(process, SIGKILL);
    while (waitpid(process, NULL, 0) < 0 && errno == EINTR) {
    }
}

static int limit(int resource, rlim_t value) {
    struct rlimit now;
    if (getrlimit(resource, &now) != 0) return errno;
    // A limit that is already lower stays.
    rlim_t most = now.rlim_max == RLIM_INFINITY || value < now.rlim_max ? value : now.rlim_max;
    struct rlimit wanted = {.rlim_cur = most, .rlim_max = most};
    return setrlimit(resource, &wanted) == 0 ? 0 : errno;
}

int akashi_worker_confine(unsigned cpu_seconds, uint64_t memory) {
    // Fontconfig may want to write a cache: it is told that it cannot, instead of the process being ended.
    signal(SIGXFSZ, SIG_IGN);
    int error = limit(RLIMIT_CPU, cpu_seconds);
    if (!error) error = limit(RLIMIT_AS, memory);
    if (!error) error = limit(RLIMIT_FSIZE, 0);
    if (!error) error = limit(RLIMIT_CORE, 0);
    if (!error && prctl(PR_SET_DUMPABLE, 0) != 0) error = errno;
    if (!error && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) error = errno;
    return error;
}
