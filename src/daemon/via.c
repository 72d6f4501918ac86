/* What the Via of an answer tells: see via.h. */

#include <string.h>
#include "param.h"
#include "via.h"


void mapped_read(struct addr *mapped, const struct sip_msg *msg,
		 const struct addr *local)
{
	const struct pl *params = &msg->via.params;
	struct pl received, rport;
	struct addr addr;
	uint32_t port;

	memset(mapped, 0, sizeof(*mapped));

	if (!param_get(params, "rport", &rport) ||
	    !number_parse(&port, &rport) || !port || port > UINT16_MAX)
		return;

	/* RFC 3261 §18.2.1: added only if it differs */
	if (!param_get(params, "received", &received))
		addr = *local;
	else if (!addr_parse(&addr, received.p, received.l, 0))
		return;

	if (!addr_isset(&addr))
		return;

	addr.port = (uint16_t)port;
	*mapped = addr;
}


/* The colon between host and port, white space may stand around it (RFC 3261
 * §25.1); false: there is none. */
static bool split_port(struct pl *host, struct pl *port,
		       const struct pl *sentby)
{
	size_t i = sentby->l;

	while (i && sentby->p[i - 1] != ':' && sentby->p[i - 1] != ']')
		--i;

	if (!i || sentby->p[i - 1] == ']')
		return false;

	host->p = sentby->p;
	host->l = i - 1;
	port->p = sentby->p + i;
	port->l = sentby->l - i;

	return true;
}


static bool sentby_read(struct addr *addr, const struct pl *sentby,
			uint16_t port)
{
	const struct pl all = lws_trim(*sentby);
	struct pl host = all, val;
	uint32_t n = port;

	if (split_port(&host, &val, &all)) {
		host = lws_trim(host);
		val = lws_trim(val);
		if (!number_parse(&n, &val) || !n || n > UINT16_MAX)
			return false;
	}

	return addr_parse(addr, host.p, host.l, (uint16_t)n);
}


bool via_rewritten(const struct sip_msg *msg, const struct addr *local,
		   enum transport transport)
{
	struct addr addr;

	return !sentby_read(&addr, &msg->via.sentby,
			    transport_port(transport)) ||
		!addr_equal(&addr, local);
}
