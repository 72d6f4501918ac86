/* Preloaded, it gives a program another wall clock: off by the seconds in the
 * file $WALLCLOCK, read each time, or with "=" before them stopped at these.
 * Other clocks and timers stay as they are. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>


static void shift(struct timespec *ts)
{
	const char *path = getenv("WALLCLOCK");
	const int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char text[32] = "";

	if (fd < 0)
		return;

	(void)!read(fd, text, sizeof(text) - 1);
	(void)close(fd);

	if (text[0] == '=') {
		ts->tv_sec = atol(text + 1);
		ts->tv_nsec = 0;
	}
	else {
		ts->tv_sec += atol(text);
	}
}


int clock_gettime(clockid_t clock, struct timespec *ts)
{
	const int rc = (int)syscall(SYS_clock_gettime, clock, ts);

	if (!rc && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		shift(ts);

	return rc;
}


int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec ts;
	const int rc = clock_gettime(CLOCK_REALTIME, &ts);

	(void)zone;
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;

	return rc;
}


time_t time(time_t *p)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	if (p)
		*p = ts.tv_sec;

	return ts.tv_sec;
}
