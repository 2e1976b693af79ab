#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

extern char **environ;

int akashi_forbid_core_dumps(void) {
    struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0) return errno;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return errno;
    return 0;
}

int akashi_core_dumps_forbidden(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) != 0) return 0;
    return limit.rlim_cur == 0 && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
}

int akashi_lock_all_memory(void) {
    struct rlimit limit;
    // Without the privilege, locking everything makes each allocation past the limit fail: refuse instead.
    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return errno;
    if (limit.rlim_cur != RLIM_INFINITY) {
        if (geteuid() != 0) return EPERM;
        struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
        if (setrlimit(RLIMIT_MEMLOCK, &unlimited) != 0) return errno;
    }
    // Pages are locked when they are first touched: thread stacks and arenas reserve far more than they use.
    if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0) return errno;
    return 0;
}

int akashi_lock(const void *start, size_t count) {
    if (count == 0) return 0;
    return mlock(start, count) == 0 ? 0 : errno;
}

void akashi_unlock(const void *start, size_t count) {
    if (count != 0) munlock(start, count);
}

void akashi_erase(void *start, size_t count) { explicit_bzero(start, count); }

void akashi_erase_freed_memory(void) { mallopt(M_PERTURB, 0xA5); }

int akashi_file_system(const char *path, int64_t *type) {
    struct statfs found;
    if (statfs(path, &found) != 0) return errno;
    *type = found.f_type;
    return 0;
}

int akashi_window_size(int fd, int *columns, int *rows) {
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0) return errno;
    *columns = size.ws_col;
    *rows = size.ws_row;
    return 0;
}

// The state a signal handler needs: set before the handlers are, and read by them only.
static struct termios saved_terminal;
static char restore_bytes[256];
static size_t restore_count;
static volatile sig_atomic_t raw_fd = -1;

void akashi_terminal_restore(void) {
    int fd = raw_fd;
    if (fd < 0) return;
    raw_fd = -1;
    ssize_t ignored = write(fd, restore_bytes, restore_count);
    (void)ignored;
    tcsetattr(fd, TCSAFLUSH, &saved_terminal);
}

void akashi_terminal_hand_over(void) {
    int fd = raw_fd;
    if (fd < 0) return;
    raw_fd = -1;
    tcsetattr(fd, TCSAFLUSH, &saved_terminal);
}

static void restore_and_die(int signal_number) {
    int kept = errno;
    akashi_terminal_restore();
    errno = kept;
    // SA_RESETHAND has put the default action back: the signal ends the process as it would have.
    raise(signal_number);
}

int akashi_terminal_raw(int fd, const char *restore_text) {
    struct termios raw;
    if (tcgetattr(fd, &saved_terminal) != 0) return errno;
    restore_count = strnlen(restore_text, sizeof restore_bytes - 1);
    memcpy(restore_bytes, restore_text, restore_count);
    raw = saved_terminal;
    cfmakeraw(&raw);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(fd, TCSAFLUSH, &raw) != 0) return errno;
    raw_fd = fd;
    static const int fatal[] = {SIGSEGV, SIGABRT, SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGQUIT};
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) {
        struct sigaction action;
        memset(&action, 0, sizeof action);
        action.sa_handler = restore_and_die;
        action.sa_flags = SA_RESETHAND | SA_NODEFER;
        sigaction(fatal[i], &action, NULL);
    }
    return 0;
}

int akashi_spawn(const char *path, char *const arguments[], int input_fd, int search_path, pid_t *process) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0) return error;
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        sigset_t every, none;
        sigfillset(&every);
        sigemptyset(&none);
        sigdelset(&every, SIGKILL);
        sigdelset(&every, SIGSTOP);
        posix_spawnattr_setsigdefault(&attributes, &every);
        posix_spawnattr_setsigmask(&attributes, &none);
        short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
        if (input_fd >= 0) {
            // A group of its own: it is ended together with what it started.
            posix_spawnattr_setpgroup(&attributes, 0);
            flags |= POSIX_SPAWN_SETPGROUP;
            posix_spawn_file_actions_adddup2(&actions, input_fd, 0);
            posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
            // What a printer program has to say would be written over the customer's screen.
            if (isatty(2)) posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
        }
        posix_spawnattr_setflags(&attributes, flags);
        posix_spawn_file_actions_addclosefrom_np(&actions, 3);
        error = search_path ? posix_spawnp(process, path, &actions, &attributes, arguments, environ)
                            : posix_spawn(process, path, &actions, &attributes, arguments, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static int meaning(int status) {
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
    return -1;
}

int akashi_wait(pid_t process) {
    int status;
    pid_t done;
    do { done = waitpid(process, &status, 0); } while (done < 0 && errno == EINTR);
    return done == process ? meaning(status) : -1;
}

int akashi_await_end(pid_t process) {
    siginfo_t end;
    int result;
    do { result = waitid(P_PID, (id_t)process, &end, WEXITED | WNOWAIT); } while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : errno;
}

int akashi_poll_child(pid_t process) {
    int status;
    pid_t done = waitpid(process, &status, WNOHANG);
    if (done == 0 || (done < 0 && errno == EINTR)) return -2;
    return done == process ? meaning(status) : -1;
}

int akashi_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno; }

int akashi_open_device(const char *path) {
    int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    return fd >= 0 ? fd : -errno;
}

int akashi_set_nonblocking(int fd) {
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 ? 0 : errno;
}

int akashi_peer_ended(int fd) {
    struct pollfd look = {.fd = fd, .events = POLLRDHUP};
    int ready;
    do ready = poll(&look, 1, 0);
    while (ready < 0 && errno == EINTR);
    return ready != 0;
}

int akashi_tcp_taken(int fd) {
    struct tcp_info info = {0};
    socklen_t length = sizeof info;
    int failure = 0;
    socklen_t size = sizeof failure;
    // The state first: a reset comes with its error before the state that it leads to is seen.
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return -1;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) != 0 || failure != 0) return -1;
    // TIME_WAIT is no state of a descriptor that is still open: it says CLOSE by then.
    return info.tcpi_state == TCP_CLOSE;
}

int akashi_take_place(const char *from, const char *to, int exchange) {
    int folder = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return errno;
    int failure = syncfs(folder) == 0 ? 0 : errno;
    close(folder);
    if (failure) return failure;
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, exchange ? RENAME_EXCHANGE : 0) == 0 ? 0 : errno;
}
