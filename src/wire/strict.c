/* Is this text one JSON object, by the letter of RFC 8259?
 *
 * libre's decoder takes what it can make something of: trailing garbage,
 * `tr ue`, `{"a":1,,}`, integers that wrap. So this reader goes first. Each
 * function moves the cursor past what it accepts, or returns false. */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "strict.h"
#include "utf8.h"

#define NUMBER_MAX   40          /* characters; an int64_t needs 20 */
#define EXPONENT_MAX 2           /* digits */
#define MEMBERS_MAX  256         /* of one object: finding duplicates compares
				    each with the others of its hash bucket,
				    and a peer can make all hashes equal */

struct cursor {
	const char *p;
	const char *end;
};


static bool value(struct cursor *c, unsigned depth);


static bool is(const struct cursor *c, char ch)
{
	return c->p < c->end && *c->p == ch;
}


static bool take(struct cursor *c, char ch)
{
	if (!is(c, ch))
		return false;

	++c->p;

	return true;
}


static bool word(struct cursor *c, const char *text)
{
	const size_t len = strlen(text);

	if ((size_t)(c->end - c->p) < len || memcmp(c->p, text, len))
		return false;

	c->p += len;

	return true;
}


static void space(struct cursor *c)
{
	while (is(c, ' ') || is(c, '\t') || is(c, '\n') || is(c, '\r'))
		++c->p;
}


static int hex(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	if (ch >= 'a' && ch <= 'f')
		return ch - 'a' + 10;
	if (ch >= 'A' && ch <= 'F')
		return ch - 'A' + 10;

	return -1;
}


static bool hex4(struct cursor *c, unsigned *u)
{
	int i, digit;

	if (c->end - c->p < 4)
		return false;

	*u = 0;
	for (i = 0; i < 4; i++) {

		digit = hex(*c->p++);
		if (digit < 0)
			return false;

		*u = *u << 4 | (unsigned)digit;
	}

	return true;
}


/* After the backslash and the u. A high surrogate needs its low one. */
static bool unicode(struct cursor *c)
{
	unsigned u, low;

	if (!hex4(c, &u) || !u)
		return false;

	if (u < 0xd800 || u > 0xdfff)
		return true;

	if (u > 0xdbff || !word(c, "\\u") || !hex4(c, &low))
		return false;

	return low >= 0xdc00 && low <= 0xdfff;
}


static bool escape(struct cursor *c)
{
	if (c->p == c->end)
		return false;

	if (take(c, 'u'))
		return unicode(c);

	return *c->p && strchr("\"\\/bfnrt", *c->p++);
}


static bool string(struct cursor *c)
{
	size_t n;

	if (!take(c, '"'))
		return false;

	while (!take(c, '"')) {

		if (take(c, '\\')) {
			if (!escape(c))
				return false;
			continue;
		}

		n = utf8_char(c->p, (size_t)(c->end - c->p));
		if (!n || (unsigned char)*c->p < 0x20)
			return false;

		c->p += n;
	}

	return true;
}


static size_t digits(struct cursor *c)
{
	const char *first = c->p;

	while (c->p < c->end && *c->p >= '0' && *c->p <= '9')
		++c->p;

	return (size_t)(c->p - first);
}


static bool integer_fits(const char *p, size_t len)
{
	char buf[NUMBER_MAX + 1];

	memcpy(buf, p, len);
	buf[len] = '\0';

	errno = 0;
	(void)strtoll(buf, NULL, 10);

	return errno != ERANGE;
}


static bool exponent(struct cursor *c)
{
	size_t n;

	if (!take(c, '+'))
		(void)take(c, '-');

	n = digits(c);

	return n && n <= EXPONENT_MAX;
}


static bool number(struct cursor *c)
{
	const char *first = c->p;
	bool whole = true;

	(void)take(c, '-');

	if (!take(c, '0') && !digits(c))
		return false;

	if (take(c, '.')) {
		whole = false;
		if (!digits(c))
			return false;
	}

	if (take(c, 'e') || take(c, 'E')) {
		whole = false;
		if (!exponent(c))
			return false;
	}

	if (c->p - first > NUMBER_MAX)
		return false;

	return !whole || integer_fits(first, (size_t)(c->p - first));
}


static bool member(struct cursor *c, unsigned depth)
{
	space(c);
	if (!string(c))
		return false;

	space(c);

	return take(c, ':') && value(c, depth);
}


static bool object(struct cursor *c, unsigned depth)
{
	unsigned n = 0;

	if (!depth || !take(c, '{'))
		return false;

	space(c);
	if (take(c, '}'))
		return true;

	do {
		if (++n > MEMBERS_MAX || !member(c, depth - 1))
			return false;
	} while (take(c, ','));

	return take(c, '}');
}


static bool array(struct cursor *c, unsigned depth)
{
	if (!depth || !take(c, '['))
		return false;

	space(c);
	if (take(c, ']'))
		return true;

	do {
		if (!value(c, depth - 1))
			return false;
	} while (take(c, ','));

	return take(c, ']');
}


/* With the white space on both sides of it. */
static bool value(struct cursor *c, unsigned depth)
{
	bool ok;

	space(c);

	if (is(c, '{'))
		ok = object(c, depth);
	else if (is(c, '['))
		ok = array(c, depth);
	else if (is(c, '"'))
		ok = string(c);
	else
		ok = word(c, "true") || word(c, "false") || word(c, "null") ||
		     number(c);

	space(c);

	return ok;
}


bool strict_object(const char *text, size_t len, unsigned depth)
{
	struct cursor c = {text, text + len};

	space(&c);

	return is(&c, '{') && value(&c, depth) && c.p == c.end;
}
