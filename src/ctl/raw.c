/* Cuts pieces out of JSON text that was found to be good, unchanged. */

#include <string.h>
#include "raw.h"


static const char *skip_space(const char *p, const char *end)
{
	while (p < end && strchr(" \t\r\n", *p))
		++p;

	return p;
}


/* Past the closing quote of the string that begins at `p`. */
static const char *skip_string(const char *p, const char *end)
{
	for (++p; p < end && *p != '"'; ++p) {
		if (*p == '\\')
			++p;
	}

	return p < end ? p + 1 : end;
}


/* To the comma or bracket that ends the value at `p`. */
static const char *skip_value(const char *p, const char *end)
{
	unsigned depth = 0;

	while (p < end) {

		if (*p == '"') {
			p = skip_string(p, end);
			continue;
		}

		if (!depth && strchr(",]}", *p))
			break;

		if (*p == '{' || *p == '[')
			++depth;
		else if (*p == '}' || *p == ']')
			--depth;

		++p;
	}

	return p;
}


static void trim(struct pl *pl)
{
	const char *end = pl->p + pl->l;

	pl->p = skip_space(pl->p, end);
	pl->l = (size_t)(end - pl->p);

	while (pl->l && strchr(" \t\r\n", pl->p[pl->l - 1]))
		--pl->l;
}


bool raw_member(struct pl *value, const struct pl *text, const char *key)
{
	struct pl inner, name;
	const char *p, *end;

	raw_inner(&inner, text);
	p = inner.p;
	end = inner.p + inner.l;

	while (p < end) {

		name.p = p + 1;
		p = skip_string(p, end);
		name.l = (size_t)(p - name.p) - 1;

		p = skip_space(p, end) + 1;      /* the colon */
		value->p = p;
		p = skip_value(p, end);
		value->l = (size_t)(p - value->p);

		if (!pl_strcmp(&name, key)) {
			trim(value);
			return true;
		}

		if (p < end)
			p = skip_space(p + 1, end);      /* the comma */
	}

	return false;
}


void raw_inner(struct pl *inner, const struct pl *text)
{
	*inner = *text;
	trim(inner);

	if (inner->l < 2 || !strchr("{[", *inner->p)) {
		inner->l = 0;
		return;
	}

	inner->p += 1;
	inner->l -= 2;
	trim(inner);
}


bool raw_next(struct pl *element, struct pl *rest)
{
	const char *end = rest->p + rest->l, *p;

	if (!rest->l)
		return false;

	p = skip_value(rest->p, end);
	element->p = rest->p;
	element->l = (size_t)(p - rest->p);
	trim(element);

	if (p < end)
		p = skip_space(p + 1, end);      /* the comma */
	rest->p = p;
	rest->l = (size_t)(end - p);

	return true;
}
