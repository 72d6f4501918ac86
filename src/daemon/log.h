/* Log lines: to the journal with fields if stderr is its stream, else to stderr
 * with the time. One line per change, with who and from what to what. */

#ifndef LOG_H
#define LOG_H

#include <stdarg.h>
#include <stdbool.h>


/* syslog's numbers, so that they can go into the "<N>" prefix. */
enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

/* "error" "warning" "notice" "info" "debug" */
const char *log_level_name(enum log_level level);

void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);

/* `who`: the account's name, or NULL for the daemon itself. The format is
 * printf's. Control characters of arguments never reach the output raw. */
void log_line(enum log_level level, const char *who, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* What a line has in the journal besides its text and SIPREGD_ACCOUNT; each may
 * be NULL. */
struct log_fields {
	const char *id;                  /* MESSAGE_ID, see message.h */
	const char *event;               /* SIPREGD_EVENT: a name of INTERFACE */
	const char *reason;              /* SIPREGD_REASON: likewise */
};

/* The same with fields. */
void log_event(enum log_level level, const char *who,
	       const struct log_fields *fields, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#define log_error(who, ...)   log_line(LOG_LEVEL_ERROR, (who), __VA_ARGS__)
#define log_warning(who, ...) log_line(LOG_LEVEL_WARNING, (who), __VA_ARGS__)
#define log_notice(who, ...)  log_line(LOG_LEVEL_NOTICE, (who), __VA_ARGS__)
#define log_info(who, ...)    log_line(LOG_LEVEL_INFO, (who), __VA_ARGS__)
#define log_debug(who, ...)                                                   \
	do {                                                                  \
		if (log_enabled(LOG_LEVEL_DEBUG))                             \
			log_line(LOG_LEVEL_DEBUG, (who), __VA_ARGS__);        \
	} while (0)

#endif
