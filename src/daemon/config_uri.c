/* SIP URIs and hosts as an operator writes them, checked strictly. */

#include <ctype.h>
#include <string.h>
#include "config_uri.h"


#define HOST_MAX  253            /* RFC 1035 §2.3.4, written */
#define LABEL_MAX 63
#define PORT_MAX  65535

/* RFC 3261 §25.1, beside letters and digits */
#define MARK       "-_.!~*'()"
#define USER_CHARS MARK "&=+$,;?/"
#define PARAM_CHARS MARK "[]/:&+$"


static struct pl span(const char *p, const char *end)
{
	struct pl pl = {p, (size_t)(end - p)};

	return pl;
}


/* %HH that stands for no control character */
static bool escape_valid(const char *p, size_t len)
{
	unsigned c;

	if (len < 3 || !isxdigit((unsigned char)p[1]) ||
	    !isxdigit((unsigned char)p[2]))
		return false;

	c = (unsigned)ch_hex(p[1]) << 4 | ch_hex(p[2]);

	return c >= 0x20 && c != 0x7f;
}


/* Letters, digits, `also`, and %HH. */
static bool escaped_valid(const struct pl *pl, const char *also)
{
	for (size_t i = 0; i < pl->l; i++) {
		const unsigned char c = (unsigned char)pl->p[i];

		if (c == '%') {
			if (!escape_valid(pl->p + i, pl->l - i))
				return false;

			i += 2;
		}
		else if (c >= 0x80 || (!isalnum(c) && !strchr(also, c))) {
			return false;
		}
	}

	return pl->l > 0;
}


bool user_valid(const struct pl *user)
{
	return escaped_valid(user, USER_CHARS);
}


static bool label_valid(const char *p, size_t len)
{
	if (!len || len > LABEL_MAX || p[0] == '-' || p[len - 1] == '-')
		return false;

	for (size_t i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)p[i];

		/* underscores are in use inside of networks */
		if (c >= 0x80 || (!isalnum(c) && c != '-' && c != '_'))
			return false;
	}

	return true;
}


static bool digits(const char *p, const char *end)
{
	while (p < end && isdigit((unsigned char)*p))
		++p;

	return p == end;
}


static bool name_valid(const struct pl *host)
{
	const char *p = host->p, *end = host->p + host->l;
	bool number = true;

	if (host->l > HOST_MAX)
		return false;

	/* "example.com." is a name too */
	if (end > p + 1 && end[-1] == '.')
		--end;

	while (p < end) {
		const char *dot = memchr(p, '.', (size_t)(end - p));
		const char *stop = dot ? dot : end;

		if (!label_valid(p, (size_t)(stop - p)) || dot == end - 1)
			return false;

		number = digits(p, stop);
		p = dot ? dot + 1 : end;
	}

	/* no top-level domain is a number: it is a mistyped address */
	return !number;
}


bool host_valid(const struct pl *host)
{
	struct addr addr;

	if (!host->l)
		return false;

	if (host->p[0] == '[') {
		return addr_parse(&addr, host->p, host->l, 0) &&
		       memchr(host->p, ':', host->l);
	}

	if (addr_parse(&addr, host->p, host->l, 0))
		return addr.family == ADDR_IPV4;

	return name_valid(host);
}


/* "host", "host:port"; true if the whole of [p, end) is that. */
static bool host_port_decode(const char *p, const char *end, struct pl *host,
			     uint16_t *portp)
{
	const char *stop;
	struct pl port;
	uint32_t n;

	*portp = 0;
	stop = p < end && *p == '[' ? memchr(p, ']', (size_t)(end - p)) : p;
	if (!stop)
		return false;

	stop = memchr(stop, ':', (size_t)(end - stop));
	*host = span(p, stop ? stop : end);
	if (!host_valid(host))
		return false;

	if (!stop)
		return true;

	port = span(stop + 1, end);
	if (!number_parse(&n, &port) || n < 1 || n > PORT_MAX)
		return false;

	*portp = (uint16_t)n;

	return true;
}


bool host_port_parse(const char *s, struct pl *host, uint16_t *portp)
{
	return host_port_decode(s, s + strlen(s), host, portp);
}


static const char *param_decode(struct uri_parts *u, const struct pl *param)
{
	const char *eq = memchr(param->p, '=', param->l);
	const char *end = param->p + param->l;
	const struct pl name = span(param->p, eq ? eq : end);
	struct pl value = pl_null;

	if (!escaped_valid(&name, PARAM_CHARS))
		return "has a malformed parameter";

	if (eq) {
		value = span(eq + 1, end);
		if (!escaped_valid(&value, PARAM_CHARS))
			return "has a malformed parameter";
	}

	if (pl_strcasecmp(&name, "transport"))
		return NULL;

	if (!eq || !transport_parse(&u->transport, &value) ||
	    u->transport == TRANSPORT_AUTO)
		return "has a ;transport= that is none of udp, tcp, tls";

	return NULL;
}


/* ";name=value;name" up to the end */
static const char *params_decode(struct uri_parts *u, const char *p)
{
	while (*p) {
		const size_t len = strcspn(p + 1, ";");
		const struct pl param = {p + 1, len};
		const char *wrong = param_decode(u, &param);

		if (wrong)
			return wrong;

		p += 1 + len;
	}

	return NULL;
}


static const char *user_decode(struct uri_parts *u, const char *p,
			       const char *at)
{
	u->user = span(p, at);
	if (memchr(p, ':', u->user.l))
		return "must not hold a password";

	if (!user_valid(&u->user))
		return "has a character in the user part that must be "
		       "written as %HH";

	return NULL;
}


const char *uri_parts_decode(struct uri_parts *u, const char *s)
{
	const char *at, *end, *wrong;

	memset(u, 0, sizeof(*u));
	if (!strncasecmp(s, "sips:", 5)) {
		u->sips = true;
		s += 5;
	}
	else if (!strncasecmp(s, "sip:", 4)) {
		s += 4;
	}
	else {
		return "must begin with \"sip:\" or \"sips:\"";
	}

	if (strpbrk(s, "<> \t\""))
		return "must be a URI alone, without <>, name or spaces";

	/* a user part may hold ; and ? but no @, a host none of the three */
	at = strchr(s, '@');
	if (at) {
		wrong = user_decode(u, s, at);
		if (wrong)
			return wrong;

		s = at + 1;
	}

	end = s + strcspn(s, ";?");
	if (!host_port_decode(s, end, &u->host, &u->port))
		return "has no valid host or port";

	if (strchr(end, '?'))
		return "must not have headers (\"?\")";

	return params_decode(u, end);
}


const char *uri_parts_check(struct uri_parts *u, const char *s)
{
	const char *wrong = uri_parts_decode(u, s);
	struct uri uri;
	struct pl pl;

	if (wrong)
		return wrong;

	pl_set_str(&pl, s);
	if (uri_decode(&uri, &pl) || uri.port != u->port ||
	    pl_cmp(&uri.user, &u->user))
		return "is not a SIP URI that can be used";

	return NULL;
}
