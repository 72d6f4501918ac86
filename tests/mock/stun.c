/* STUN on the test registrar's UDP port: Binding requests (RFC 8489 §3). */

#include <arpa/inet.h>
#include <string.h>
#include "mock.h"


#define COOKIE     0x2112a442u
#define REQUEST    0x0001        /* Binding */
#define SUCCESS    0x0101
#define XOR_MAPPED 0x0020
#define HEADER     20            /* [bytes] */
#define VALUE_MAX  20            /* [bytes] of an IPv6 address */


static void put16(uint8_t *p, uint16_t n)
{
	p[0] = (uint8_t)(n >> 8);
	p[1] = (uint8_t)n;
}


static bool is_stun(const uint8_t *p, size_t len)
{
	uint32_t cookie;

	if (len < HEADER || p[0] > 3)
		return false;

	memcpy(&cookie, p + 4, sizeof(cookie));

	return ntohl(cookie) == COOKIE;
}


/* RFC 8489 §14.2; `head` is the message's header. Returns bytes written. */
static size_t write_mapped(uint8_t *p, const uint8_t *head,
			   const struct sa *mapped)
{
	const bool v6 = sa_af(mapped) == AF_INET6;
	const size_t n = v6 ? 16 : 4;

	p[0] = 0;
	p[1] = v6 ? 2 : 1;
	put16(p + 2, sa_port(mapped) ^ COOKIE >> 16);
	if (v6)
		memcpy(p + 4, &mapped->u.in6.sin6_addr, n);
	else
		memcpy(p + 4, &mapped->u.in.sin_addr, n);

	/* cookie and transaction id stand behind each other */
	for (size_t i = 0; i < n; i++)
		p[4 + i] ^= head[4 + i];

	return 4 + n;
}


static void answer(struct mock_conn *conn, const uint8_t *request)
{
	uint8_t out[HEADER + 4 + VALUE_MAX];
	struct sa seen;
	size_t n;

	mock_seen(&seen, conn);
	memcpy(out, request, HEADER);
	put16(out, SUCCESS);
	n = write_mapped(out + HEADER + 4, out, &seen);
	put16(out + HEADER, XOR_MAPPED);
	put16(out + HEADER + 2, (uint16_t)n);
	put16(out + 2, (uint16_t)(4 + n));

	(void)mock_conn_send(conn, out, HEADER + 4 + n);
}


bool mock_on_stun(struct mock_conn *conn, const uint8_t *p, size_t len)
{
	if (!is_stun(p, len))
		return false;

	if (p[0] != REQUEST >> 8 || p[1] != (REQUEST & 0xff)) {
		++conn->r->counters.malformed;
		return true;
	}

	++conn->r->counters.stun;
	mock_trace(conn, conn->r->conf.stun ? "STUN, answered" : "STUN");
	if (conn->r->conf.stun)
		answer(conn, p);

	return true;
}
