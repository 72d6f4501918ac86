/* The options of sipregctl. */

#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdio.h>
#include "ctl.h"


enum asked {
	ASKED_VERB,              /* the one at optind; none there: the first */
	ASKED_HELP,
	ASKED_VERSION,
	ASKED_WRONG,             /* an option is wrong, which has been said */
};


/* From the command line, all else as it is by default; optind is then where
 * the verb is. */
enum asked options_read(struct options *opt, int argc, char **argv);

/* May these be given to `verb`? If not it says so. */
bool options_suit(const struct options *opt, const char *verb);

/* For people, as a part of the usage. */
void options_help(FILE *f);

/* For the completion of shells: lines "option NAME LETTER VERBS VALUE", those
 * verbs that alone know it and how it takes a value: = or [=]. What there is
 * not is "-". */
void options_list(void);

#endif
