/* sipregctl reconnect NAME: register now, over a new flow, and say how it
 * ended. */

#include "act.h"


enum result verb_reconnect(const struct options *opt, int argc, char **argv)
{
	(void)argc;

	return act(opt, ACT_TIMEOUT, "Reconnect", argv[1], act_say_registered);
}
