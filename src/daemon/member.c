/* The members of the lines of JSON that we keep: see member.h. */

#include <string.h>
#include "member.h"
#include "param.h"
#include "utf8.h"
#include "value.h"
#include "wire.h"


bool member_is_text(const char *s)
{
	size_t len = strlen(s), n;

	for (; len; s += n, len -= n) {
		n = utf8_char(s, len);
		if (!n)
			return false;
	}

	return true;
}


int member_add_text(struct mbuf *mb, const char *key, const char *s)
{
	return s && member_is_text(s) ? json_add_string(mb, key, s) : 0;
}


bool member_number(uint64_t *np, const struct odict *o, const char *key,
		   uint64_t max)
{
	int64_t n;

	*np = 0;
	if (!value_has(o, key))
		return true;

	if (!odict_get_type(o, ODICT_INT, key))
		return false;

	n = value_int(o, key, -1);
	if (n < 0 || (uint64_t)n > max)
		return false;

	*np = (uint64_t)n;

	return true;
}


bool member_text(char *buf, size_t size, const struct odict *o,
		 const char *key)
{
	const char *s = odict_string(o, key);

	if (!s)
		return !value_has(o, key);

	if (strlen(s) >= size)
		return false;

	(void)strcpy(buf, s);

	return true;
}


bool member_token(char *buf, size_t size, const struct odict *o,
		  const char *key)
{
	return member_text(buf, size, o, key) && uri_usable(buf);
}
