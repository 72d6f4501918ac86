/* sipregctl register NAME: register now, wait for the outcome and say it. */

#include "act.h"


enum result verb_register(const struct options *opt, int argc, char **argv)
{
	(void)argc;

	return act(opt, ACT_TIMEOUT, "Register", argv[1], act_say_registered);
}
