/* A stream ends when the user says so: see ending.h. Signals arrive only while
 * nothing is being written, so the handler need not ask where we are. */

#include <signal.h>
#include <unistd.h>
#include "ctl.h"
#include "ending.h"


static void handler(int sig)
{
	(void)sig;
	_exit(RESULT_OK);
}


static void mask(int how)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(how, &set, NULL);
}


void ending_allow(void)
{
	const struct sigaction sa = {.sa_handler = handler};

	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
}


void ending_hold(void)
{
	mask(SIG_BLOCK);
}


void ending_release(void)
{
	mask(SIG_UNBLOCK);
}
