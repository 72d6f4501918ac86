/* sipregctl version: of this program; the daemon's is in ping. */

#include <stdio.h>
#include "ctl.h"


enum result verb_version(const struct options *opt, int argc, char **argv)
{
	(void)argc;
	(void)argv;

	(void)printf(opt->json ? "{\"version\":\"%s\"}\n" : "sipregctl %s\n",
		     VERSION);

	return RESULT_OK;
}
