#define _GNU_SOURCE
#include "CWorker.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>

// What computing in memory and answering on open descriptors takes. Whatever is not here fails with EPERM, which
// libraries meet as "not permitted", and go on without.
static const int allowed[] = {
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(close), SCMP_SYS(fstat),
    SCMP_SYS(lseek), SCMP_SYS(poll), SCMP_SYS(ppoll),
    // memory; mmap and mprotect stand below
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
    // Waiting for what was to be waited for already: a library's thread that waits for its timers would not stop asking.
    SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2),
    // threads that are there
    SCMP_SYS(futex), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(getcpu), SCMP_SYS(rseq),
    SCMP_SYS(set_robust_list), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(restart_syscall),
    // signals and time
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday), SCMP_SYS(getrandom),
    // the end
    SCMP_SYS(exit), SCMP_SYS(exit_group),
};

int akashi_worker_sandbox(void) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!filter) return ENOMEM;
    int error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    for (size_t i = 0; !error && i < sizeof allowed / sizeof *allowed; i++) {
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
        // Not every architecture has every one.
        if (error == -EDOM) error = 0;
    }
    for (int i = 0; !error && i < 2; i++)
        error = seccomp_rule_add(
            filter, SCMP_ACT_ALLOW, i ? SCMP_SYS(mprotect) : SCMP_SYS(mmap), 1,
            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    // Reading a descriptor's flags, and nothing else: F_SETOWN, F_SETSIG and O_ASYNC would have the kernel send signals to
    // processes of this user, SIGKILL too. No newfstatat: the filter does not see whether its path is empty.
    for (int i = 0; !error && i < 2; i++)
        error = seccomp_rule_add(
            filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1, SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)(i ? F_GETFL : F_GETFD)));
    if (!error) error = seccomp_load(filter);
    seccomp_release(filter);
    return -error;
}
