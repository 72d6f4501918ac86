/* Stateless answers to requests. */

#include <string.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include "param.h"
#include "reply.h"


#define TAG_BYTES    8           /* 64 bits; RFC 3261 §19.3 wants 32 */
#define SECRET_BYTES 16

struct vias {
	struct mbuf *mb;
	const struct sip_msg *req;
	const struct sa *src;
	unsigned c;
	int err;
};


/* What the peer wrote, on one line: folded headers carry line breaks. */
static int text_print(struct re_printf *pf, const struct pl *text)
{
	int err = 0;

	for (size_t i = 0; i < text->l && !err; i++) {

		const char c = text->p[i];

		err = pf->vph((unsigned char)c < ' ' ? " " : &c, 1, pf->arg);
	}

	return err;
}


/* RFC 3261 §18.2.1, RFC 3581 §4. What the client says itself of `received`
 * and `rport` does not count. */
static int top_via_print(struct mbuf *mb, const struct sip_via *via,
			 const struct sa *src)
{
	const struct pl head = {
		via->val.p, (size_t)(via->params.p - via->val.p)};
	const bool rport = param_get(&via->params, "rport", NULL);
	struct pl rest = via->params;
	struct param p;
	int err;

	err = mbuf_printf(mb, "Via: %H", text_print, &head);

	while (param_next(&rest, &p)) {
		if (pl_strcasecmp(&p.name, "received") &&
		    pl_strcasecmp(&p.name, "rport"))
			err |= mbuf_printf(mb, ";%H", text_print, &p.raw);
	}

	if (rport || !sa_cmp(&via->addr, src, SA_ADDR))
		err |= mbuf_printf(mb, ";received=%j", src);
	if (rport)
		err |= mbuf_printf(mb, ";rport=%u", sa_port(src));

	return err | mbuf_write_str(mb, "\r\n");
}


static bool via_handler(const struct sip_hdr *hdr, const struct sip_msg *msg,
			void *arg)
{
	struct vias *vias = arg;
	(void)msg;

	if (vias->c == REPLY_VIAS_MAX)
		vias->err = EBADMSG;
	else if (!vias->c++)
		vias->err = top_via_print(vias->mb, &vias->req->via,
					  vias->src);
	else
		vias->err = mbuf_printf(vias->mb, "Via: %H\r\n", text_print,
					&hdr->val);

	return vias->err != 0;
}


/* Keyed, so that nobody else can tell which tag we would give. */
static int tag_print(char tag[2 * TAG_BYTES + 1], const struct sip_msg *req,
		     const struct pl *cseq)
{
	static uint8_t secret[SECRET_BYTES];
	static bool secret_made;
	uint8_t raw[EVP_MAX_MD_SIZE];
	struct mbuf *mb = mbuf_alloc(256);
	int err;

	if (!mb)
		return ENOMEM;

	if (!secret_made) {
		rand_bytes(secret, sizeof(secret));
		secret_made = true;
	}

	err = mbuf_printf(mb, "%r\n%r\n%r", &req->callid, cseq,
			  &req->via.branch);
	if (err)
		goto out;

	if (HMAC(EVP_sha256(), secret, sizeof(secret), mb->buf, mb->end, raw,
		 NULL))
		(void)re_snprintf(tag, 2 * TAG_BYTES + 1, "%w", raw,
				  (size_t)TAG_BYTES);
	else
		err = ENOTSUP;

 out:
	mem_deref(mb);

	return err;
}


static int to_print(struct mbuf *mb, const struct sip_msg *req,
		    const struct pl *cseq)
{
	char tag[2 * TAG_BYTES + 1];
	int err;

	if (pl_isset(&req->to.tag))
		return mbuf_printf(mb, "To: %H\r\n", text_print,
				   &req->to.val);

	err = tag_print(tag, req, cseq);
	if (err)
		return err;

	return mbuf_printf(mb, "To: %H;tag=%s\r\n", text_print, &req->to.val,
			   tag);
}


int reply_print(struct mbuf *mb, const struct sip_msg *req,
		const struct sa *src, uint16_t code, const char *reason,
		const char *extra)
{
	struct vias vias = {.mb = mb, .req = req, .src = src};
	const struct sip_hdr *cseq = sip_msg_hdr(req, SIP_HDR_CSEQ);
	const size_t start = mb->pos;
	int err;

	err = mbuf_printf(mb, "SIP/2.0 %u %s\r\n", code, reason);

	(void)sip_msg_hdr_apply(req, true, SIP_HDR_VIA, via_handler, &vias);
	err |= vias.err;
	if (err)
		goto out;

	err = mbuf_printf(mb, "From: %H\r\n", text_print, &req->from.val);
	err |= to_print(mb, req, &cseq->val);
	err |= mbuf_printf(mb, "Call-ID: %H\r\nCSeq: %H\r\n%s"
			   "Content-Length: 0\r\n\r\n", text_print,
			   &req->callid, text_print, &cseq->val,
			   extra ? extra : "");

	if (!err && mb->pos - start > REPLY_SIZE_MAX)
		err = EBADMSG;

 out:
	if (err)
		mb->pos = mb->end = start;

	return err;
}


void reply_address(struct sa *dst, const struct sip_msg *req,
		   const struct sa *src)
{
	uint16_t port;

	sa_cpy(dst, src);

	if (param_get(&req->via.params, "rport", NULL))
		return;

	port = sa_port(&req->via.addr);
	sa_set_port(dst, port ? port : SIP_PORT);
}
