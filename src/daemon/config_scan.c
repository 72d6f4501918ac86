/* A configuration's text before libconfig sees it: what it would not say where,
 * what it would wrap, and what it must not see. */

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "compat.h"
#include "config_key.h"
#include "config_scan.h"
#include "secret.h"


#define HUGE_TEXT   "9e99"       /* SOURCE_HUGE; what it replaces is longer */
#define INCLUDE     "@include"
#define SECRETS_FIRST 16         /* room in the vector at first, doubling */

const char scan_no_memory[] = "no memory";

/* How near to a secret: password = "..." "...". What else is written, without
 * a sign or in brackets, is an error later, and must not be seen either. */
enum near {
	NEAR_NOTHING,
	NEAR_NAME,
	NEAR_STRING,             /* another one would be a part of it */
};


/* The end of the number at `p`, and does it fit what libconfig makes of it:
 * int, or long long with L? */
static char *number_end(char *p, bool *fits)
{
	const bool hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
	char *end;
	long long n;

	errno = 0;
	n = strtoll(p, &end, hex ? 16 : 10);
	*fits = !errno;

	if (*end == 'L') {
		while (*end == 'L')
			++end;
	}
	else if (*end == '.' || *end == 'e' || *end == 'E') {
		*fits = true;    /* a float, refused later */
		while (isalnum((unsigned char)*end) || *end == '.' ||
		       ((*end == '-' || *end == '+') &&
			(end[-1] == 'e' || end[-1] == 'E')))
			++end;
	}
	else if (n > INT32_MAX || n < INT32_MIN) {
		*fits = false;
	}

	return end;
}


/* NULL: it has no end. */
static char *string_end(char *p)
{
	for (++p; *p && *p != '"'; ++p) {
		if (*p == '\\' && p[1])
			++p;
	}

	return *p ? p + 1 : NULL;
}


/* Behind a comment at `p`; `p` itself if there is none; NULL: it has no
 * end. */
static char *comment_end(char *p)
{
	char *end;

	if (*p == '#' || (p[0] == '/' && p[1] == '/'))
		return p + strcspn(p, "\n");

	if (p[0] != '/' || p[1] != '*')
		return p;

	end = strstr(p + 2, "*/");

	return end ? end + 2 : NULL;
}


static bool number_begins(const char *p)
{
	return isdigit((unsigned char)*p) ||
	       ((*p == '-' || *p == '+') && isdigit((unsigned char)p[1]));
}


static char *name_end(char *p)
{
	while (isalnum((unsigned char)*p) || (*p && strchr("*_-", *p)))
		++p;

	return p;
}


/* Makes a number that does not fit a SOURCE_HUGE. */
static char *scan_number(char *p)
{
	bool fits;
	char *end = number_end(p, &fits);

	if (!fits) {
		memset(p, ' ', (size_t)(end - p));
		memcpy(p, HUGE_TEXT, strlen(HUGE_TEXT));
	}

	return end;
}


/* --- secrets --- */

static bool secret_name(const char *p, const char *end)
{
	const size_t len = (size_t)(end - p);

	for (size_t i = 0; i < keys_account.keyc; i++) {
		const struct key *key = &keys_account.keyv[i];
		const char *name = key_tail(key);

		if (key->flags & KEY_SECRET && strlen(name) == len &&
		    !memcmp(name, p, len))
			return true;
	}

	return false;
}


/* One character of a string, as libconfig reads them. */
static char unescape(const char **pp)
{
	static const char from[] = "nrtf\\\"", to[] = "\n\r\t\f\\\"";
	const char *p = *pp, *found;
	char hex[3], c = p[0];

	*pp = p + 1;
	if (c != '\\')
		return c;

	found = p[1] ? strchr(from, p[1]) : NULL;
	if (found) {
		*pp = p + 2;
		c = to[found - from];
	}
	else if ((p[1] == 'x' || p[1] == 'X') &&
		 isxdigit((unsigned char)p[2]) &&
		 isxdigit((unsigned char)p[3])) {
		*pp = p + 4;
		memcpy(hex, p + 2, 2);
		hex[2] = '\0';
		c = (char)strtol(hex, NULL, 16);

		/* libconfig cuts the string or leaves it out, by version: a
		 * control character is an error in either */
		if (!c)
			c = '\1';
	}

	return c;
}


static bool push(struct scanned *s, char *secret)
{
	const size_t size = s->size ? s->size * 2 : SECRETS_FIRST;
	char **v = s->secretv;

	if (s->secretc == s->size) {
		v = v ? mem_realloc(v, size * sizeof(*v))
			: mem_alloc(size * sizeof(*v), NULL);
		if (!v)
			return false;

		s->secretv = v;
		s->size = size;
	}

	s->secretv[s->secretc++] = secret;

	return true;
}


/* Takes the string from `p` to `end`, its quotes included. `before`: what it
 * goes on from, or NULL; it is freed. NULL: no memory. */
static char *take(char *before, char *p, char *end)
{
	const size_t len = before ? strlen(before) : 0;
	char *secret = secret_alloc(len + (size_t)(end - p)), *to;
	const char *from = p + 1;

	if (!secret) {
		(void)secret_deref(before);
		return NULL;
	}

	if (before)
		memcpy(secret, before, len);

	for (to = secret + len; from < end - 1;)
		*to++ = unescape(&from);

	/* messages go on naming the right line */
	for (++p; p < end - 1; ++p) {
		if (*p != '\n')
			*p = '*';
	}

	(void)secret_deref(before);

	return secret;
}


static bool scan_secret(struct scanned *s, bool more, char *p, char *end)
{
	char *secret, **last;

	if (more) {
		last = &s->secretv[s->secretc - 1];
		*last = take(*last, p, end);
		return *last;
	}

	secret = take(NULL, p, end);
	if (secret && !push(s, secret))
		secret = secret_deref(secret);

	return secret;
}


static enum near near_sign(enum near near, char c)
{
	return isspace((unsigned char)c) || strchr("=:[(,", c) ? near
		: NEAR_NOTHING;
}


/* --- all --- */

const char *scan_text(struct scanned *s, char **pp)
{
	enum near near = NEAR_NOTHING;
	char *p = *pp, *end;

	for (; *p; p = end) {
		*pp = p;
		end = comment_end(p);
		if (!end)
			return "the comment that begins here has no end";

		if (end != p)
			continue;

		if (*p == '"') {
			end = string_end(p);
			if (!end)
				return "a quote (\") is missing here or before";

			if (near == NEAR_NOTHING)
				continue;

			if (!scan_secret(s, near == NEAR_STRING, p, end))
				return scan_no_memory;
			near = NEAR_STRING;
		}
		else if (number_begins(p)) {
			end = scan_number(p);
			near = NEAR_NOTHING;
		}
		else if (isalpha((unsigned char)*p) || *p == '*') {
			end = name_end(p);
			near = secret_name(p, end) ? NEAR_NAME : NEAR_NOTHING;
		}
		else if (!strncmp(p, INCLUDE, strlen(INCLUDE))) {
			return INCLUDE " is not supported, use include_dir";
		}
		else {
			end = p + 1;
			near = near_sign(near, *p);
		}
	}

	return NULL;
}


static void give(struct scanned *s, size_t *nextp, config_setting_t *setting)
{
	const char *name = config_setting_name(setting);
	const int n = config_setting_is_aggregate(setting)
		? config_setting_length(setting) : 0;

	if (*nextp < s->secretc && name &&
	    config_setting_type(setting) == CONFIG_TYPE_STRING &&
	    secret_name(name, name + strlen(name))) {
		config_setting_set_hook(setting, s->secretv[*nextp]);
		s->secretv[(*nextp)++] = NULL;
	}

	for (int i = 0; i < n; i++)
		give(s, nextp, config_setting_get_elem(setting, (unsigned)i));
}


static void hook_handler(void *hook)
{
	(void)secret_deref((char *)((uintptr_t)hook &
				    ~(uintptr_t)SETTING_SAID));
}


void scanned_give(struct scanned *s, config_t *cfg)
{
	size_t next = 0;

	config_set_destructor(cfg, hook_handler);
	give(s, &next, config_root_setting(cfg));
}


char *setting_secret(const config_setting_t *s)
{
	const uintptr_t hook = (uintptr_t)config_setting_get_hook(s);

	return (char *)(hook & ~(uintptr_t)SETTING_SAID);
}


void scanned_reset(struct scanned *s)
{
	for (size_t i = 0; i < s->secretc; i++)
		(void)secret_deref(s->secretv[i]);

	s->secretv = mem_deref(s->secretv);
	s->secretc = s->size = 0;
}
