/* A DNS message taken apart, whatever is in it (RFC 1035 §4).
 *
 * Names and records are libre's to decode: it follows a bounded number of
 * compression pointers and never leaves the buffer. What it does not see to is
 * that a record ends where its length says. */

#include <errno.h>
#include <string.h>
#include "dns_message.h"


#define RRS_MAX  256             /* of one section are looked at */
#define RR_FIXED 10              /* octets after the name, RFC 1035 §3.2.1 */


/* Where the record that begins here ends. */
static int record_end(size_t *endp, struct mbuf *mb)
{
	const size_t pos = mb->pos;
	char *name = NULL;
	int err = dns_dname_decode(mb, &name, 0);

	mem_deref(name);
	if (err)
		return err == ENOMEM ? err : EBADMSG;
	if (mbuf_get_left(mb) < RR_FIXED)
		return EBADMSG;

	mbuf_advance(mb, RR_FIXED - 2);
	*endp = ntohs(mbuf_read_u16(mb));
	*endp += mb->pos;
	mb->pos = pos;

	return *endp > mb->end ? EBADMSG : 0;
}


/* A record that libre cannot read is passed over; only what is longer than the
 * message spoils all that follows. */
static int read_section(struct list *rrl, struct mbuf *mb, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct dnsrr *rr;
		size_t end = 0;
		int err = record_end(&end, mb);

		if (err)
			return err;

		/* the name may lie behind it, the data may not */
		err = i < RRS_MAX ? dns_rr_decode(mb, &rr, 0) : EBADMSG;
		if (err == ENOMEM)
			return err;
		if (!err && mb->pos == end)
			list_append(rrl, &rr->le, rr);
		else if (!err)
			mem_deref(rr);

		mb->pos = end;
	}

	return 0;
}


/* Servers that do not like the question may leave it out (RFC 1035 §4.1.1 has
 * them copy it, and many do not); an answer without it could be to anything. */
static int check_question(struct mbuf *mb, const struct dnshdr *hdr,
			  const char *name, uint16_t type)
{
	char *asked = NULL;
	int err;

	if (!hdr->nq)
		return hdr->rcode == DNS_RCODE_OK ||
			hdr->rcode == DNS_RCODE_NAME_ERR ? EBADMSG : 0;
	if (hdr->nq != 1)
		return EBADMSG;

	err = dns_dname_decode(mb, &asked, 0);
	if (err)
		return err == ENOMEM ? err : EBADMSG;

	if (str_casecmp(asked, name) || mbuf_get_left(mb) < 4 ||
	    ntohs(mbuf_read_u16(mb)) != type ||
	    ntohs(mbuf_read_u16(mb)) != DNS_CLASS_IN)
		err = EBADMSG;
	mem_deref(asked);

	return err;
}


/* Sections of others may be cut off anywhere, or are no business of ours. */
static bool has_sections(const struct dnshdr *hdr)
{
	return !hdr->tc && (hdr->rcode == DNS_RCODE_OK ||
			    hdr->rcode == DNS_RCODE_NAME_ERR);
}


int dns_message_read(struct dns_message *m, struct mbuf *mb, const char *name,
		     uint16_t type)
{
	/* libre's names are relative to the buffer's beginning */
	struct mbuf whole = {
		.buf = mbuf_buf(mb),
		.size = mbuf_get_left(mb),
		.end = mbuf_get_left(mb),
	};
	int err;

	memset(m, 0, sizeof(*m));

	if (dns_hdr_decode(&whole, &m->hdr) || !m->hdr.qr ||
	    m->hdr.opcode != DNS_OPCODE_QUERY)
		return EBADMSG;

	err = check_question(&whole, &m->hdr, name, type);
	if (err || !has_sections(&m->hdr))
		return err;

	err = read_section(&m->ansl, &whole, m->hdr.nans);
	if (!err)
		err = read_section(&m->authl, &whole, m->hdr.nauth);

	return err;
}


void dns_message_reset(struct dns_message *m)
{
	list_flush(&m->ansl);
	list_flush(&m->authl);
}
