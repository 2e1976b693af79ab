// What Swift cannot reach of Linux: variadic and macro-heavy calls, and code that may run inside a signal handler.
#ifndef AKASHI_CLINUX_H
#define AKASHI_CLINUX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Forbids core dumps and reading of this process's memory by others of the same user (PR_SET_DUMPABLE 0, RLIMIT_CORE 0).
// Returns 0, or the errno of what failed.
int akashi_forbid_core_dumps(void);

// Whether both are in force: 1 or 0.
int akashi_core_dumps_forbidden(void);

// Keeps all memory of this process, present and future, out of swap (mlockall), as far as the limits allow it whole.
// Returns 0, or errno; EPERM where the limit on locked memory is not unlimited, since a later allocation would then fail.
int akashi_lock_all_memory(void);

// Keeps one range out of swap and out of core dumps. Returns 0 or errno.
int akashi_lock(const void *start, size_t count);

// Releases a range locked before.
void akashi_unlock(const void *start, size_t count);

// Overwrites a range with zeros; the optimiser may not leave it out.
void akashi_erase(void *start, size_t count);

// Has the allocator overwrite every block that is freed from now on.
void akashi_erase_freed_memory(void);

// The number of the file system on which a path lies (statfs). Returns 0 or errno.
int akashi_file_system(const char *path, int64_t *type);

// The size of the terminal on `fd` in columns and rows. Returns 0 or errno.
int akashi_window_size(int fd, int *columns, int *rows);

// Puts the terminal on `fd` into raw mode, remembers how it was, and has it restored, together with `restore_text` (at
// most 255 bytes, copied) written to it, when the process is ended by a signal that cannot be caught otherwise (SEGV,
// ABRT, ILL, TRAP, BUS, FPE, QUIT). Returns 0 or errno.
int akashi_terminal_raw(int fd, const char *restore_text);

// Restores the terminal; without effect where it is not raw. May be called from a signal handler.
void akashi_terminal_restore(void);

// Puts the terminal's mode back and leaves what is on the screen; without effect where it is not raw.
void akashi_terminal_hand_over(void);

// Starts a program with the terminal and standard streams of this process, standard input from `input_fd` where that is
// not negative (and then standard output, and standard error where that is a terminal, to /dev/null, and in a process group
// of its own), no other descriptor open. Returns 0 and the process id, or errno.
int akashi_spawn(const char *path, char *const arguments[], int input_fd, int search_path, pid_t *process);

// Waits for a child. Returns its exit code, 128 + the signal that ended it, or -1.
int akashi_wait(pid_t process);

// Waits for a child's end and leaves its process id taken, for akashi_wait to free. Returns 0 or errno.
int akashi_await_end(pid_t process);

// As akashi_wait, but returns -2 at once where the child still runs.
int akashi_poll_child(pid_t process);

// Makes a pipe that no started program inherits. Returns 0 or errno.
int akashi_pipe(int ends[2]);

// Opens a device or pipe for writing without waiting, and without becoming its controlling terminal. Returns the
// descriptor, which does not block, or -errno; -ENXIO for a named pipe that nobody reads.
int akashi_open_device(const char *path);

// Has reads and writes on a descriptor return at once instead of waiting. Returns 0 or errno.
int akashi_set_nonblocking(int fd);

// Whether the other side of a connection has ended its own, or has reset the connection; nothing is taken out. 1 or 0.
int akashi_peer_ended(int fd);

// What became of a TCP connection whose both directions have ended, ours by shutdown: 1 if the other side acknowledged
// everything up to our end, 0 if that is still open, -1 if the connection was reset or cannot be asked.
int akashi_tcp_taken(int fd);

// Brings the file system of the folder `from` onto the disk, and then gives it the place of `to` in one step; where
// `exchange`, the folder at `to` must be there and comes to lie at `from`. Returns 0 or errno.
int akashi_take_place(const char *from, const char *to, int exchange);

#endif
