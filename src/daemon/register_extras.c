/* What a 2xx to a REGISTER says for people and for later requests: Path,
 * Service-Route, P-Associated-URI, GRUU. */

#include <ctype.h>
#include <string.h>
#include "param.h"
#include "register.h"
#include "register_contact.h"


/* One of them while it is read. */
struct extra {
	char text[REGISTER_EXTRA_MAX + 1];
	size_t len;
	bool sip;                        /* SIP URIs only: it is a route */
};

/* The parameters of our own Contact. */
struct gruu {
	const struct register_identity *id;
	struct pl params;                /* unset: not found */
	bool flow;                       /* it has this flow's token too */
};


/* A folded line goes on in the next one (RFC 3261 §7.3.1): a space. `s` has
 * room for val->l bytes. */
static bool fold(char *s, size_t *lenp, const struct pl *val)
{
	size_t n = 0;

	for (size_t i = 0; i < val->l; i++) {

		char c = val->p[i];

		if (c == '\r' || c == '\n' || c == '\t')
			c = ' ';
		if (c == ' ' && n && s[n - 1] == ' ')
			continue;
		if (iscntrl((unsigned char)c))
			return false;

		s[n++] = c;
	}

	*lenp = n;

	return true;
}


static bool scheme_usable(const struct pl *uri)
{
	size_t i;

	/* RFC 3986 §3.1 */
	for (i = 0; i < uri->l && uri->p[i] != ':'; i++) {
		const unsigned char c = (unsigned char)uri->p[i];

		if (!isalpha(c) && (!i || (!isdigit(c) && !strchr("+-.", c))))
			return false;
	}

	return i && i < uri->l;
}


/* Not what is no address: it would be of no use to anybody. */
static bool usable(const struct pl *element, bool sip)
{
	struct pl text, params;
	struct uri uri;

	if (name_addr_split(&text, &params, element))
		return false;

	/* as in `<sip:a, <sip:b>` */
	for (size_t i = 0; i < text.l; i++) {
		if (strchr(" <>\"", text.p[i]))
			return false;
	}

	return sip ? !sip_uri_decode(&uri, &text) : scheme_usable(&text);
}


static bool extra_handler(const struct pl *element, void *arg)
{
	struct extra *e = arg;
	const size_t comma = e->len ? 2 : 0;
	char text[REGISTER_EXTRA_MAX];
	struct pl pl = {text, 0};

	/* What is too long ends it: a route with a gap leads nowhere. */
	if (element->l > sizeof(text))
		return true;

	if (!fold(text, &pl.l, element) || !usable(&pl, e->sip))
		return false;

	if (e->len + comma + pl.l > REGISTER_EXTRA_MAX)
		return true;

	memcpy(e->text + e->len, ", ", comma);
	memcpy(e->text + e->len + comma, text, pl.l);
	e->len += comma + pl.l;
	e->text[e->len] = '\0';

	return false;
}


static void header_read(char **dst, const struct sip_msg *msg,
			enum sip_hdrid id, bool sip)
{
	struct extra e = {.sip = sip};

	elements_apply(msg, id, extra_handler, &e);
	if (e.len)
		(void)str_dup(dst, e.text);
}


/* Instance and reg-id, as in core/contact.c: an earlier binding of ours that
 * is still listed has the GRUU of then. */
static bool gruu_handler(const struct pl *element, void *arg)
{
	struct gruu *g = arg;
	struct contact_entry e;
	struct pl uri, params;

	contact_read(&e, element, g->id);
	if (!e.instance || !e.reg_id || e.other != CONTACT_NO_MATCH ||
	    (e.token_account && !e.token_flow))
		return false;

	if (name_addr_split(&uri, &params, element))
		return false;

	if (!pl_isset(&g->params) || e.token_flow) {
		g->params = params;
		g->flow = e.token_flow;
	}

	return g->flow;
}


static void gruu_read(char **dst, const struct gruu *g, const char *name)
{
	char text[REGISTER_EXTRA_MAX + 1];
	struct pl val, pl = {text, 0};

	if (!param_get(&g->params, name, &val) ||
	    val.l > REGISTER_EXTRA_MAX || !fold(text, &pl.l, &val))
		return;

	text[pl.l] = '\0';
	if (uri_usable(text) && usable(&pl, true))
		(void)str_dup(dst, text);
}


void register_extras_read(struct register_extras *x, const struct sip_msg *msg,
			  const struct register_identity *id)
{
	struct gruu g = {.id = id};

	register_extras_reset(x);

	header_read(&x->path, msg, SIP_HDR_PATH, true);
	header_read(&x->service_route, msg, SIP_HDR_SERVICE_ROUTE, true);
	header_read(&x->associated, msg, SIP_HDR_P_ASSOCIATED_URI, false);

	elements_apply(msg, SIP_HDR_CONTACT, gruu_handler, &g);
	if (!pl_isset(&g.params))
		return;

	gruu_read(&x->pub_gruu, &g, "pub-gruu");
	gruu_read(&x->temp_gruu, &g, "temp-gruu");
}


void register_extras_reset(struct register_extras *x)
{
	x->path = mem_deref(x->path);
	x->service_route = mem_deref(x->service_route);
	x->associated = mem_deref(x->associated);
	x->pub_gruu = mem_deref(x->pub_gruu);
	x->temp_gruu = mem_deref(x->temp_gruu);
}
