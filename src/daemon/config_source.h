/* One configuration file, read and parsed by libconfig, and what is said
 * about it: messages with file and line. */

#ifndef CONFIG_SOURCE_H
#define CONFIG_SOURCE_H

#include <libconfig.h>
#include "config.h"


#define SOURCE_MAX (64u << 20)   /* bytes of one file */

/* Where messages go, and how many errors there were. */
struct sayer {
	config_message_h *h;
	void *arg;
	unsigned errors;
	bool no_memory;
};

struct source {
	struct le le;
	config_t cfg;                    /* first error of syntax and all */
	char *file;                      /* as in messages */
	mode_t mode;
	bool mode_told;                  /* that others can read a secret */
};


/* Reads and parses `file`; what is wrong is said. Numbers too big for their
 * type, which libconfig would wrap, become SOURCE_HUGE. ENOENT and other
 * errors of open(2); EBADMSG: bad syntax; ENOMEM. */
int source_load(struct source **sp, struct sayer *y, const char *file);

#define SOURCE_HUGE 9e99         /* no number of ours comes near */

struct source *source_of(const config_setting_t *s);

/* With errno's text; line 0: about the file as a whole. */
void say_error_at(struct sayer *y, const char *file, unsigned line,
		  const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void say_warning_at(struct sayer *y, const char *file, unsigned line,
		    const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* About a setting; each has at most one error and one warning, however often
 * it is used (defaults and presets are by many accounts). */
void say_error(struct sayer *y, config_setting_t *s, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void say_warning(struct sayer *y, config_setting_t *s, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Out of memory, said once. */
void say_no_memory(struct sayer *y);

/* A file's bytes and a zero behind them; free with source_wipe(). EFBIG:
 * more than `max` bytes. *modep: its permissions. */
int source_read(char **textp, size_t *lenp, mode_t *modep, const char *file,
		size_t max);
void source_wipe(char *text, size_t len);

/* Can others than its owner and group read the file that has this mode? Only
 * if all directories that lead to it let them through. */
bool source_exposed(const char *file, mode_t mode);

#endif
