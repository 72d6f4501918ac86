/* What goes over a conn, told to its tap: see trace.h. */

#include "conn_parts.h"


static void tell(const struct conn *c, bool sent, const struct sa *remote,
		 const uint8_t *buf, size_t len, bool stranger)
{
	struct trace_message m = {
		.transport = c->transport, .sent = sent, .stranger = stranger,
	};

	addr_from_sa(&m.local, &c->local);
	addr_from_sa(&m.remote, remote);
	tap_message(c->tap, &m, buf, len);
}


/* Keepalives are no SIP. */
void conn_trace_sent(const struct conn *c, const struct sa *dst,
		     const uint8_t *buf, size_t len)
{
	if (tap_open(c->tap) && frame_datagram(buf, len) == FRAME_SIP)
		tell(c, true, dst, buf, len, false);
}


void conn_trace_received(const struct conn *c, const struct mbuf *mb,
			 const struct sa *src, bool stranger)
{
	if (tap_open(c->tap))
		tell(c, false, src, mbuf_buf(mb), mbuf_get_left(mb), stranger);
}
