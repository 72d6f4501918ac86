/* What the service manager is told: ready, status, watchdog, stopping. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include "loop.h"
#include "service.h"
#include "service_text.h"
#include "timer.h"


static struct {
	struct timer watchdog;
	msec_t interval;                 /* 0: there is no watchdog */
	char status[SERVICE_TEXT_MAX];   /* as sent last */
} service;


static void watchdog_handler(void *arg)
{
	(void)arg;

	(void)sd_notify(0, "WATCHDOG=1");

	/* Moves within the heap that has just given it back: cannot fail. */
	timer_start(&service.watchdog, loop_now() + service.interval);
}


int service_init(void)
{
	uint64_t usec;

	memset(&service, 0, sizeof(service));
	timer_init(&service.watchdog, watchdog_handler, NULL);

	if (sd_watchdog_enabled(0, &usec) <= 0)
		return 0;

	/* "every half of the time returned here" (sd_watchdog_enabled(3)) */
	service.interval = usec / 2 / 1000;
	if (!service.interval)
		service.interval = 1;

	timer_start(&service.watchdog, loop_now());

	return 0;
}


void service_ready(void)
{
	(void)sd_notify(0, "READY=1");
}


/* For Type=notify-reload the time must be there; others leave it aside. */
void service_reloading(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
			 (uint64_t)ts.tv_sec * 1000000 +
			 (uint64_t)ts.tv_nsec / 1000);
}


void service_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1");
}


void service_status(const char *text)
{
	if (!strncmp(text, service.status, sizeof(service.status) - 1))
		return;

	(void)snprintf(service.status, sizeof(service.status), "%s", text);
	(void)sd_notifyf(0, "STATUS=%s", service.status);
}


void service_close(void)
{
	timer_cancel(&service.watchdog);
}
