// libpq, and what one thread needs to watch its sockets: epoll's structure is a packed union, and FIONREAD a macro of a
// variadic call, which Swift reaches badly.
#pragma once
#include <errno.h>
#include <libpq-fe.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

// A new epoll set with a counter in it that wakes who waits, under the number 0. Returns 0 or errno.
static inline int akashi_poller_open(int *set, int *counter) {
    *set = epoll_create1(EPOLL_CLOEXEC);
    if (*set < 0) return errno;
    *counter = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = 0}};
    if (*counter >= 0 && epoll_ctl(*set, EPOLL_CTL_ADD, *counter, &event) == 0) return 0;
    int error = errno;
    if (*counter >= 0) close(*counter);
    close(*set);
    return error;
}

// Watches a socket for one event, which is told under `number`. Returns 0 or errno.
static inline int akashi_poller_watch(int set, int socket, int writing, uint64_t number) {
    struct epoll_event event = {
        .events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT | (writing ? EPOLLOUT : 0), .data = {.u64 = number}};
    if (epoll_ctl(set, EPOLL_CTL_MOD, socket, &event) == 0) return 0;
    if (errno != ENOENT) return errno;
    return epoll_ctl(set, EPOLL_CTL_ADD, socket, &event) == 0 ? 0 : errno;
}

// As akashi_poller_watch, for a socket that is to be written to alone.
static inline int akashi_poller_watch_writing(int set, int socket, uint64_t number) {
    struct epoll_event event = {.events = EPOLLOUT | EPOLLONESHOT, .data = {.u64 = number}};
    if (epoll_ctl(set, EPOLL_CTL_MOD, socket, &event) == 0) return 0;
    if (errno != ENOENT) return errno;
    return epoll_ctl(set, EPOLL_CTL_ADD, socket, &event) == 0 ? 0 : errno;
}

// Waits for events, at most 64 and for at most `milliseconds` (-1: without an end). Returns how many numbers it wrote; the
// counter is reset where it woke.
static inline int akashi_poller_wait(int set, int counter, int milliseconds, uint64_t numbers[64]) {
    struct epoll_event events[64];
    int count = epoll_wait(set, events, 64, milliseconds);
    for (int i = 0; i < count; i++) {
        numbers[i] = events[i].data.u64;
        if (numbers[i] == 0) {
            uint64_t value;
            if (read(counter, &value, sizeof value) < 0) continue;
        }
    }
    return count < 0 ? 0 : count;
}

// Wakes who waits.
static inline void akashi_poller_wake(int counter) {
    uint64_t one = 1;
    if (write(counter, &one, sizeof one) < 0) return;
}

// How many bytes a socket holds that nobody has read yet; 0 where it cannot be asked.
static inline int akashi_waiting_bytes(int socket) {
    int count = 0;
    return ioctl(socket, FIONREAD, &count) == 0 && count > 0 ? count : 0;
}
