/* Shows another time of day: as many seconds later as the file that CLOCK_SHIFT names says. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long shift(void)
{
    static int file = -1;
    long seconds = 0;
    const char *path = getenv("CLOCK_SHIFT");
    if (file < 0 && path)
        file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || pread(file, &seconds, sizeof seconds, 0) != sizeof seconds)
        return 0;
    return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    int failed = syscall(SYS_clock_gettime, clock, time);
    if (!failed && clock == CLOCK_REALTIME)
        time->tv_sec += shift();
    return failed;
}
