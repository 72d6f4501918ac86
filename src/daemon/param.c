/* The grammar inside a header's value: list elements, name-addr, parameters. */

#include <string.h>
#include "param.h"


static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}


struct pl lws_trim(struct pl pl)
{
	while (pl.l && is_space(pl.p[0]))
		pl_advance(&pl, 1);

	while (pl.l && is_space(pl.p[pl.l - 1]))
		--pl.l;

	return pl;
}


/* Where `stop` stands outside of quoted strings, and of <> if it is a comma;
 * the length if nowhere. */
static size_t find(const struct pl *pl, char stop)
{
	bool quoted = false, angle = false;
	size_t i;

	for (i = 0; i < pl->l; i++) {

		const char c = pl->p[i];

		if (quoted) {
			if (c == '\\')
				++i;
			else if (c == '"')
				quoted = false;
		}
		else if (c == stop && !angle)
			return i;
		else if (c == '"')
			quoted = true;
		else if (c == '<')
			angle = stop == ',';
		else if (c == '>')
			angle = false;
	}

	return pl->l;
}


/* Cuts the text before the next `stop` off *rest, and `stop` too. */
static struct pl cut(struct pl *rest, char stop)
{
	const size_t n = find(rest, stop);
	struct pl head = {rest->p, n};

	pl_advance(rest, (ssize_t)(n < rest->l ? n + 1 : n));

	return lws_trim(head);
}


bool param_next(struct pl *rest, struct param *p)
{
	while (rest->l) {

		struct pl val = p->raw = cut(rest, ';');

		if (!p->raw.l)
			continue;

		p->name = cut(&val, '=');
		if (p->name.l == p->raw.l) {
			p->val = pl_null;
			return true;
		}

		p->val = lws_trim(val);
		if (p->val.l >= 2 && p->val.p[0] == '"' &&
		    p->val.p[p->val.l - 1] == '"') {
			++p->val.p;
			p->val.l -= 2;
		}

		return true;
	}

	return false;
}


bool param_get(const struct pl *params, const char *name, struct pl *val)
{
	struct pl rest = *params;
	struct param p;

	while (param_next(&rest, &p)) {

		if (pl_strcasecmp(&p.name, name))
			continue;

		if (val)
			*val = p.val;

		return true;
	}

	return false;
}


bool element_next(struct pl *rest, struct pl *element)
{
	while (rest->l) {

		*element = cut(rest, ',');
		if (element->l)
			return true;
	}

	return false;
}


int name_addr_split(struct pl *uri, struct pl *params,
		    const struct pl *element)
{
	const size_t open = find(element, '<');
	const size_t semi = find(element, ';');
	struct pl rest = *element;

	/* A '<' behind the first ';' belongs to a parameter. */
	if (open < semi) {

		const char *end;

		pl_advance(&rest, (ssize_t)open + 1);

		end = memchr(rest.p, '>', rest.l);
		if (!end)
			return EBADMSG;

		uri->p = rest.p;
		uri->l = (size_t)(end - rest.p);
		pl_advance(&rest, (ssize_t)uri->l + 1);
		*params = rest;
	}
	else {
		uri->p = rest.p;
		uri->l = semi;
		pl_advance(&rest, (ssize_t)semi);
		*params = rest;
	}

	*uri = lws_trim(*uri);

	return uri->l ? 0 : EBADMSG;
}


bool line_usable(const char *text)
{
	for (; *text; ++text) {
		const unsigned char c = (unsigned char)*text;

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}

	return true;
}


bool uri_usable(const char *text)
{
	return *text && line_usable(text) && !strpbrk(text, " \t<>\"");
}


int sip_uri_decode(struct uri *uri, const struct pl *text)
{
	if (uri_decode(uri, text) || !pl_isset(&uri->host))
		return EBADMSG;

	if (pl_strcasecmp(&uri->scheme, "sip") &&
	    pl_strcasecmp(&uri->scheme, "sips"))
		return EBADMSG;

	return 0;
}


int sip_uri_read(struct uri *uri, const char *text)
{
	struct pl pl;

	if (!uri_usable(text))
		return EBADMSG;

	pl_set_str(&pl, text);

	return sip_uri_decode(uri, &pl);
}


void elements_apply(const struct sip_msg *msg, enum sip_hdrid id,
		    element_h *h, void *arg)
{
	const struct le *le;

	LIST_FOREACH(&msg->hdrl, le) {

		const struct sip_hdr *hdr = le->data;
		struct pl rest = hdr->val, element;

		if (hdr->id != id)
			continue;

		while (element_next(&rest, &element)) {
			if (h(&element, arg))
				return;
		}
	}
}


bool number_lead(uint32_t *np, const struct pl *pl)
{
	const struct pl text = lws_trim(*pl);
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < text.l; i++) {

		if (text.p[i] < '0' || text.p[i] > '9')
			break;

		n = n * 10 + (uint64_t)(text.p[i] - '0');
		if (n > UINT32_MAX)
			n = UINT32_MAX;
	}

	if (!i)
		return false;

	if (i < text.l && !is_space(text.p[i]) && text.p[i] != '(' &&
	    text.p[i] != ';')
		return false;

	*np = (uint32_t)n;

	return true;
}
