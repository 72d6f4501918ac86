/* What is said about a configuration: "file:line: message". */

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include "config_scan.h"
#include "config_source.h"


#define MESSAGE_MAX 1024         /* bytes of a message */
#define FILE_SHOWN  240          /* bytes of a file's name */

/* Bits of SETTING_SAID: what was said of it already. */
#define SAID_ERROR   1u
#define SAID_WARNING 2u


static void __attribute__((format(printf, 5, 0)))
say(struct sayer *y, bool error, const char *file, unsigned line,
    const char *fmt, va_list ap)
{
	char what[MESSAGE_MAX], text[MESSAGE_MAX + FILE_SHOWN + 16];

	(void)vsnprintf(what, sizeof(what), fmt, ap);
	(void)snprintf(text, sizeof(text), "%.*s:%u: %s", FILE_SHOWN,
		       file, line, what);

	/* of a path, of a file's name: a message is one line */
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = '?';

	if (error)
		++y->errors;

	if (y->h)
		y->h(error, text, y->arg);
}


void say_error_at(struct sayer *y, const char *file, unsigned line,
		  const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(y, true, file, line, fmt, ap);
	va_end(ap);
}


void say_warning_at(struct sayer *y, const char *file, unsigned line,
		    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(y, false, file, line, fmt, ap);
	va_end(ap);
}


/* Notes that it is said now; false: it was before. */
static bool say_once(config_setting_t *s, unsigned what)
{
	const uintptr_t said = (uintptr_t)config_setting_get_hook(s);

	if (said & what)
		return false;

	config_setting_set_hook(s, (void *)(said | what));

	return true;
}


void say_error(struct sayer *y, config_setting_t *s, const char *fmt, ...)
{
	va_list ap;

	if (!say_once(s, SAID_ERROR))
		return;

	va_start(ap, fmt);
	say(y, true, source_of(s)->file, config_setting_source_line(s), fmt,
	    ap);
	va_end(ap);
}


void say_warning(struct sayer *y, config_setting_t *s, const char *fmt, ...)
{
	va_list ap;

	if (!say_once(s, SAID_WARNING))
		return;

	va_start(ap, fmt);
	say(y, false, source_of(s)->file, config_setting_source_line(s), fmt,
	    ap);
	va_end(ap);
}


void say_no_memory(struct sayer *y)
{
	if (!y->no_memory)
		say_error_at(y, "sipregd", 0, "out of memory");

	y->no_memory = true;
}
