/* sipregctl resume NAME: end a pause, wait for the outcome and say it. */

#include "act.h"


enum result verb_resume(const struct options *opt, int argc, char **argv)
{
	(void)argc;

	return act(opt, ACT_TIMEOUT, "Resume", argv[1], act_say_registered);
}
