/* Fuzzes what a registrar asks for: one challenge a line of the input, told as
 * a 401, a 407, and as what a 200 says of the next nonce. Whatever it is, the
 * credentials for it are one header line each, with our user in it. */

#include "digest.h"
#include "fuzz.h"


#define HEAD(line) line "\r\n" \
	"Via: SIP/2.0/UDP " FUZZ_SENT ":41822;branch=z9hG4bKf\r\n" \
	"From: <sip:alice@example.com>;tag=a\r\n" \
	"To: <sip:alice@example.com>;tag=b\r\n" \
	"Call-ID: fuzz@example.com\r\n" \
	"CSeq: 1 REGISTER\r\n"

static const char user[] = "ali\"ce\\";


/* name="text" or name=token, with commas between, and nothing else. */
static void check_credentials(const struct pl *val)
{
	struct httpauth_digest_resp resp;
	bool quoted = false;

	for (size_t i = 0; i < val->l; i++) {
		const unsigned char c = (unsigned char)val->p[i];

		assert(c >= ' ' && c != 0x7f);
		if (c == '"')
			quoted = !quoted;
		else if (c == '\\') {
			assert(quoted);
			++i;
		}
	}
	assert(!quoted);

	assert(!httpauth_digest_response_decode(&resp, val));
	assert(!pl_strcmp(&resp.username, "ali\\\"ce\\\\"));
	assert(!pl_strcmp(&resp.uri, "sip:example.com"));
	assert(pl_isset(&resp.response));
}


static unsigned check_headers(const struct sip_msg *msg, enum sip_hdrid id)
{
	const struct le *le;
	unsigned n = 0;

	LIST_FOREACH(&msg->hdrl, le) {
		const struct sip_hdr *hdr = le->data;

		if (hdr->id != id)
			continue;

		check_credentials(&hdr->val);
		++n;
	}

	return n;
}


/* In a request of ours, where it would do harm. */
static void check_print(struct digest *d)
{
	struct mbuf *mb = mbuf_alloc(1024);
	struct sip_msg *msg;
	unsigned lines, all;
	size_t at;

	if (!mb)
		abort();

	(void)mbuf_write_str(mb, HEAD("REGISTER sip:example.com SIP/2.0"));
	at = mb->end;
	assert(!digest_print(d, mb, user, "secret", "REGISTER",
			     "sip:example.com"));
	assert(mb->end > at);
	(void)mbuf_write_str(mb, "Content-Length: 0\r\n\r\n");

	assert(fuzz_framed(mb));
	msg = fuzz_decode(mb->buf, mb->end);
	assert(msg);
	lines = check_headers(msg, SIP_HDR_AUTHORIZATION);
	assert(lines <= 1);
	all = lines + check_headers(msg, SIP_HDR_PROXY_AUTHORIZATION);
	assert(all >= 1 && all - lines <= 1);
	assert(list_count(&msg->hdrl) == 6 + all);

	mem_deref(msg);
	mem_deref(mb);
}


static void challenge(struct digest *d, struct challenge *c,
		      const char *start, const char *name, const uint8_t *buf,
		      size_t len)
{
	struct sip_msg *msg = fuzz_message(start, name, buf, len, "");

	if (!msg)
		return;

	if (digest_on_challenge(d, c, msg, "", 0) == CHALLENGE_ANSWER) {
		check_print(d);
		challenge_on_sent(c, CHALLENGE_SENT_FRESH);
	}
	else {
		assert(!digest_ready(d));
	}
	mem_deref(msg);
}


static void accepted(struct digest *d, const uint8_t *buf, size_t len)
{
	struct sip_msg *msg = fuzz_message(HEAD("SIP/2.0 200 OK"),
					   "Authentication-Info", buf, len,
					   "");

	if (!msg || !digest_ready(d))
		goto out;

	digest_on_accepted(d, msg);
	check_print(d);

 out:
	mem_deref(msg);
}


int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_init();

	return 0;
}


int LLVMFuzzerTestOneInput(const uint8_t *buf, size_t len)
{
	struct challenge c;
	struct digest *d;

	challenge_init(&c, DIGEST_MD5);
	if (digest_alloc(&d))
		abort();

	challenge(d, &c, HEAD("SIP/2.0 401 Unauthorized"), "WWW-Authenticate",
		  buf, len);
	accepted(d, buf, len);
	challenge(d, &c, HEAD("SIP/2.0 407 Proxy Authentication Required"),
		  "Proxy-Authenticate", buf, len);
	accepted(d, buf, len);
	mem_deref(d);

	return 0;
}
