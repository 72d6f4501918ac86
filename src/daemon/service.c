/* What the service manager is told: ready, status, watchdog, stopping. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include "loop.h"
#include "notify.h"
#include "service.h"
#include "service_text.h"
#include "timer.h"


enum {
	STATE_SIZE = 64,         /* bytes of what is told beside the status */
	TELL_AGAIN = 1000,       /* [ms] while the manager does not read */
};

static struct {
	struct timer watchdog;
	struct timer again;
	bool running;                    /* between _init() and _close() */
	msec_t interval;                 /* 0: there is no watchdog */
	char state[STATE_SIZE];          /* to be told; "": nothing */
	char status[SERVICE_TEXT_MAX];   /* the last one ... */
	bool status_due;                 /* ... which is to be told */
} service;


/* False: the manager does not read, and is not waited for. */
static bool told(const char *text)
{
	if (!notify_possible(0))
		return false;

	(void)sd_notify(0, text);

	return true;
}


/* Of several things that it was not told the last one counts. */
static void tell(void)
{
	char status[SERVICE_TEXT_MAX + STATE_SIZE];

	if (service.state[0] && told(service.state))
		service.state[0] = '\0';

	(void)snprintf(status, sizeof(status), "STATUS=%s", service.status);
	if (!service.state[0] && service.status_due && told(status))
		service.status_due = false;

	if ((service.state[0] || service.status_due) && service.running)
		timer_start(&service.again, loop_now() + TELL_AGAIN);
}


static void again_handler(void *arg)
{
	(void)arg;
	tell();
}


/* Half of the time is left when it is due: soon again if it was missed. */
static void watchdog_handler(void *arg)
{
	const msec_t wait = told("WATCHDOG=1")
		? service.interval : clock_min(service.interval, TELL_AGAIN);

	(void)arg;

	/* Moves within the heap that has just given it back: cannot fail. */
	timer_start(&service.watchdog, loop_now() + wait);
}


int service_init(void)
{
	uint64_t usec;

	memset(&service, 0, sizeof(service));
	timer_init(&service.watchdog, watchdog_handler, NULL);
	timer_init(&service.again, again_handler, NULL);
	service.running = true;

	if (sd_watchdog_enabled(0, &usec) <= 0)
		return 0;

	/* "every half of the time returned here" (sd_watchdog_enabled(3)) */
	service.interval = usec / 2 / 1000;
	if (!service.interval)
		service.interval = 1;

	timer_start(&service.watchdog, loop_now());

	return 0;
}


static void tell_state(const char *state)
{
	(void)snprintf(service.state, sizeof(service.state), "%s", state);
	tell();
}


void service_ready(void)
{
	tell_state("READY=1");
}


/* For Type=notify-reload the time must be there; others leave it aside. */
void service_reloading(void)
{
	char state[STATE_SIZE];
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	(void)snprintf(state, sizeof(state),
		       "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		       (uint64_t)ts.tv_sec * 1000000 +
		       (uint64_t)ts.tv_nsec / 1000);
	tell_state(state);
}


void service_stopping(void)
{
	tell_state("STOPPING=1");
}


void service_status(const char *text)
{
	if (!strncmp(text, service.status, sizeof(service.status) - 1))
		return;

	(void)snprintf(service.status, sizeof(service.status), "%s", text);
	service.status_due = true;
	tell();
}


void service_close(void)
{
	timer_cancel(&service.watchdog);
	timer_cancel(&service.again);
	service.running = false;
}
