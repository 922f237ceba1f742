/* A wall clock that can jump: LD_PRELOAD shifts it by the seconds in the file CLOCK_OFFSET, a 64-bit integer that is
   mapped into memory. Measured time (CLOCK_MONOTONIC), by which programs sleep, stays as it is, as when a real clock jumps. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static const int64_t none, *offset = &none;
static int (*real_gettime)(clockid_t, struct timespec *);
static int (*real_timedwait)(sem_t *, const struct timespec *);

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("CLOCK_OFFSET");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file >= 0) {
        void *map = mmap(NULL, sizeof none, PROT_READ, MAP_SHARED, file, 0);
        if (map != MAP_FAILED) offset = map;
    }
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    if (!real_gettime) real_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real_gettime(clock, now);
    if (!result && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += *offset;
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec precise;
    int result = clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec, now->tv_usec = precise.tv_nsec / 1000;
    return result;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}

/* Its time-out is a moment of the wall clock, and the kernel's has not jumped. */
int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until) {
    if (!real_timedwait) real_timedwait = dlsym(RTLD_NEXT, "sem_timedwait");
    struct timespec shifted = {until->tv_sec - *offset, until->tv_nsec};
    return real_timedwait(semaphore, &shifted);
}
