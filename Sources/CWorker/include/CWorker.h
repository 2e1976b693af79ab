// A process of its own for reading files from strangers: starting it, and what it takes from itself at its start.
#ifndef AKASHI_CWORKER_H
#define AKASHI_CWORKER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Starts a program whose standard input and output are one end of a socket and whose standard error is /dev/null, with
// no other descriptor open and only the environment's variables for the locale, libraries and fonts. On success `*link`
// is the other end, non-blocking and inherited by no program. Returns 0 or errno.
int akashi_worker_start(const char *path, char *const arguments[], pid_t *process, int *link);

// Sends as many bytes as the worker takes now. Returns their count, 0 if it takes none now, or -1 if it is gone.
ssize_t akashi_worker_send(int link, const void *bytes, size_t count);

// Says that nothing more is sent.
void akashi_worker_finish(int link);

// Receives what is there. Returns the count of bytes, 0 if there is nothing now, -1 at the end, -2 on an error.
ssize_t akashi_worker_receive(int link, void *bytes, size_t count);

// Waits until the link can be read (`writes` 0) or read or written (1), at most so many milliseconds.
// Returns 1 when it can, 0 when the time is over, -1 on an error.
int akashi_worker_wait(int link, int writes, int milliseconds);

// Ends the worker if it still runs, and waits for its end. Closes the link.
void akashi_worker_end(pid_t process, int link);

// Called by the worker itself: bounds its processor time and memory, forbids it to write to files, to dump core and to
// gain rights. Returns 0, or the errno of what failed.
int akashi_worker_confine(unsigned cpu_seconds, uint64_t memory);

// Called by the worker itself before it reads what a stranger gave: from here on it computes in its memory and uses the
// descriptors that it has. It opens nothing, connects to nobody, starts no program and makes no memory executable: the
// kernel answers EPERM (seccomp). For all threads, and for ever. Returns 0, or the errno of what failed.
int akashi_worker_sandbox(void);

#endif
