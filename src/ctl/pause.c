/* sipregctl pause NAME: un-register until `resume`, and say how that went. */

#include <stdio.h>
#include "act.h"

#define TIMEOUT 10               /* [s]: un-registering takes 5 at most */


static void say_paused(const struct odict *o, bool ok)
{
	(void)o;
	(void)fputs(ok ? "paused" : "paused, but maybe not un-registered",
		    stdout);
}


enum result verb_pause(const struct options *opt, int argc, char **argv)
{
	(void)argc;

	return act(opt, TIMEOUT, "Pause", argv[1], say_paused);
}
