/* Fuzzes a message from a peer, whole as frame.c or a datagram brings it,
 * through all that reads it: the answer to a request is one message with what
 * must be copied, and the facts of an answer hold together. */

#include "digest.h"
#include "fuzz.h"
#include "inbound.h"
#include "param.h"
#include "reply.h"
#include "sipmsg.h"


#define REQUESTED 3600   /* [s] */
#define TAG_ROOM  24     /* ";tag=" and more of what is added */

static struct sa src;


/* Line breaks of folded headers are spaces in the copy, and no part of it at
 * either end. */
static void check_copied(const struct pl *from, const struct pl *to)
{
	const char *p = from->p;
	size_t n = from->l;

	for (; n && (unsigned char)p[n - 1] <= ' '; n--)
		;
	for (; n && (unsigned char)*p <= ' '; n--)
		++p;

	assert(to->l == n);
	for (size_t i = 0; i < n; i++)
		assert(to->p[i] == ((unsigned char)p[i] < ' ' ? ' ' : p[i]));
}


/* Control characters become spaces, which may end a value. */
static bool is_text(const struct mbuf *mb)
{
	for (size_t i = 0; i < mb->end; i++) {
		const uint8_t c = mb->buf[i];
		const bool after_cr = i && mb->buf[i - 1] == '\r';

		if (after_cr != (c == '\n') ||
		    (c < ' ' && c != '\r' && c != '\n' && c != '\t'))
			return false;
	}

	return true;
}


/* A quote without end takes in what we append to the Via; and of several
 * headers the answer may have this one's value and that one's tag. */
static bool comparable(const struct sip_msg *msg)
{
	return is_text(msg->mb) && !pl_strchr(&msg->via.params, '"');
}


static void check_reply(const struct sip_msg *req, const struct mbuf *mb,
			uint16_t code)
{
	struct sip_msg *msg = fuzz_decode(mb->buf, mb->end);

	assert(mb->end <= REPLY_SIZE_MAX && fuzz_framed(mb));
	if (!comparable(req))
		goto out;

	assert(msg && !msg->req && msg->scode == code);
	assert(message_complete(msg));
	check_copied(&req->callid, &msg->callid);
	check_copied(&req->from.val, &msg->from.val);
	assert(msg->cseq.num == req->cseq.num);
	assert(!pl_cmp(&msg->cseq.met, &req->cseq.met));
	assert(!pl_cmp(&msg->via.branch, &req->via.branch));
	assert(pl_isset(&msg->to.tag));
	assert(msg->to.val.l <= req->to.val.l + TAG_ROOM);
	assert(fuzz_count(msg, SIP_HDR_VIA) >= 1);
	assert(mbuf_get_left(msg->mb) == 0);

 out:
	mem_deref(msg);
}


static void request(const struct sip_msg *msg)
{
	const struct inbound_answer a = inbound_answer(&fuzz_conf, msg);
	struct mbuf *mb = mbuf_alloc(1024), *again = mbuf_alloc(1024);
	struct sa dst;
	int err;

	if (!mb || !again)
		abort();

	(void)inbound_means_call(msg);
	(void)register_token_match(&fuzz_id, msg);
	(void)inbound_allowed(&fuzz_conf, &src);
	reply_address(&dst, msg, &src);
	assert(sa_cmp(&dst, &src, SA_ADDR) && sa_port(&dst));

	assert(!a.code == !pl_strcmp(&msg->met, "ACK"));
	if (a.code) {
		err = reply_print(mb, msg, &src, a.code, a.reason, a.extra);
		assert(err == reply_print(again, msg, &src, a.code, a.reason,
					  a.extra));
		assert(mb->end == again->end &&
		       (!mb->end || !memcmp(mb->buf, again->buf, mb->end)));
		if (err)
			assert(!mb->end);
		else
			check_reply(msg, mb, a.code);
	}
	mem_deref(mb);
	mem_deref(again);
}


static void credentials(const struct sip_msg *msg)
{
	struct mbuf *mb = mbuf_alloc(512);
	struct challenge c;
	struct digest *d;

	challenge_init(&c, DIGEST_MD5);
	if (!mb || digest_alloc(&d))
		abort();

	if (digest_on_challenge(d, &c, msg, "", 0) == CHALLENGE_ANSWER) {
		assert(!digest_print(d, mb, FUZZ_USER, "secret", "REGISTER",
				     "sip:example.com"));
		digest_on_accepted(d, msg);
	}
	assert(digest_ready(d) == (mb->end > 0));
	mem_deref(d);
	mem_deref(mb);
}


/* One line, of which there is never much. */
static void check_line(const char *text)
{
	assert(!text || (*text && strlen(text) <= REGISTER_EXTRA_MAX));
	for (; text && *text; text++)
		assert((unsigned char)*text >= ' ' && *text != 0x7f);
}


/* What the next request says as its Route is what a proxy can read. */
static void extras(const struct sip_msg *msg)
{
	struct register_extras x = {0};
	struct pl rest, element, uri_text, params;
	struct uri uri;

	register_extras_read(&x, msg, &fuzz_id);
	check_line(x.path);
	check_line(x.service_route);
	check_line(x.associated);
	check_line(x.pub_gruu);
	check_line(x.temp_gruu);

	pl_set_str(&rest, x.service_route ? x.service_route : "");
	while (element_next(&rest, &element))
		assert(!name_addr_split(&uri_text, &params, &element) &&
		       !uri_decode(&uri, &uri_text));
	register_extras_reset(&x);
}


static bool ends_with(const struct pl *pl, const char *tail)
{
	const size_t n = strlen(tail);

	return pl->l >= n && !strncasecmp(pl->p + pl->l - n, tail, n);
}


/* To nobody but whom the configuration names, and never from TLS to less. */
static void redirect(const struct sip_msg *msg, enum transport transport)
{
	char text[REGISTER_URI_SIZE];
	struct pl pl;
	struct uri uri;

	if (!register_redirect(text, sizeof(text), msg, &fuzz_conf, transport))
		return;

	check_line(text);
	pl_set_str(&pl, text);
	assert(!uri_decode(&uri, &pl));
	assert(!pl_strcmp(&uri.host, FUZZ_REDIRECT) ||
	       ends_with(&uri.host, "example.com") ||
	       ends_with(&uri.host, "example.com."));
	assert(transport != TRANSPORT_TLS ||
	       !pl_strcasecmp(&uri.scheme, "sips") ||
	       strcasestr(text, "transport=tls") || uri.port == 5061);
}


static void answer(const struct sip_msg *msg)
{
	const struct addr sent = fuzz_addr(FUZZ_SENT, 41822);
	struct register_facts f;
	const struct answer *a = &f.answer;

	credentials(msg);

	memset(&f, 0xff, sizeof(f));
	register_read(&f, msg, &(struct register_sent){
		.id = &fuzz_id, .transport = TRANSPORT_UDP, .local = sent,
		.contact = sent, .requested = REQUESTED});
	assert(a->code == msg->scode);
	assert(!addr_isset(&f.mapped) || f.mapped.port);
	assert(!f.flow_timer || f.promised);
	assert(answer_is_good(a->code) || (!a->bound && !a->contacts.count));
	assert(!a->bound || a->contacts.match != CONTACT_NO_MATCH);

	extras(msg);
	redirect(msg, TRANSPORT_UDP);
	redirect(msg, TRANSPORT_TLS);
}


int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_init();

	return sa_set_str(&src, "192.0.2.99", 5062);
}


int LLVMFuzzerTestOneInput(const uint8_t *buf, size_t len)
{
	struct sip_msg *msg = fuzz_decode(buf, len);

	if (!msg || !message_complete(msg))
		goto out;

	if (msg->req)
		request(msg);
	else
		answer(msg);

 out:
	mem_deref(msg);

	return 0;
}
