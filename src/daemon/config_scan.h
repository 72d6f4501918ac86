/* A configuration's text before libconfig sees it. */

#ifndef CONFIG_SCAN_H
#define CONFIG_SCAN_H

#include <libconfig.h>
#include <stddef.h>


/* What stood in the strings of secret keys, in their order: libconfig leaves
 * copies of all its text behind in freed memory. */
struct scanned {
	char **secretv;          /* of secret.h; NULL: it was given away */
	size_t secretc, size;
};


/* Looks at all of the text at *pp, which is zero-terminated, and changes it:
 * numbers that libconfig would wrap become a SOURCE_HUGE, and every character
 * of a secret a '*'. NULL, or what is wrong with it in words and in *pp the
 * place: a string without end would be leaked, and not be found where it
 * begins; an @include would be opened by libconfig's scanner. */
const char *scan_text(struct scanned *s, char **pp);
extern const char scan_no_memory[];      /* one that is not the text's fault */

/* The text was parsed: the settings get the secrets in their places. */
void scanned_give(struct scanned *s, config_t *cfg);
void scanned_reset(struct scanned *s);

/* The secret of a setting, NULL: it has none. It is the setting's. */
char *setting_secret(const config_setting_t *s);

/* These bits of a setting's hook are config_say.c's: what was said of it. */
#define SETTING_SAID 3u

#endif
