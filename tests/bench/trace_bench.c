/* What a message of a trace costs: where nobody looks and nothing is kept, kept
 * in the ring, and that of the longest one that a peer may send. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "conn.h"
#include "loop.h"
#include "trace.h"

#define ROUNDS   100000          /* registrations: four messages each */
#define LONG     100             /* messages of TRACE_TEXT_MAX */
#define ACCOUNTS 8193            /* so many that nothing is kept */

static const char *const messagev[] = {
	"REGISTER sip:example.com SIP/2.0\r\n"
	"Via: SIP/2.0/TLS 10.0.0.2:41822;branch=z9hG4bK181abb75bbf8640bf1d6332f"
	";rport;keep\r\nMax-Forwards: 70\r\n"
	"From: <sip:alice@example.com>;tag=46e8862f98220b58\r\n"
	"To: <sip:alice@example.com>\r\n"
	"Call-ID: 92c8076ca3fb89ae7c4fdb137cec4e52\r\nCSeq: 1 REGISTER\r\n"
	"User-Agent: sipregd/1.0\r\n"
	"Contact: <sip:alice@10.0.0.2:41822;transport=tls;sipregd=0123456789."
	"abcdef0123>;+sip.instance=\"<urn:uuid:b1f2fca4-9091-46de-96bc-"
	"c63f42e101ef>\";reg-id=1;expires=3600\r\nExpires: 3600\r\n"
	"Supported: path, outbound, gruu\r\n"
	"Allow: OPTIONS, NOTIFY, INVITE, ACK, BYE, CANCEL\r\n"
	"Content-Length: 0\r\n\r\n",

	"SIP/2.0 401 Unauthorized\r\n"
	"Via: SIP/2.0/TLS 10.0.0.2:41822;branch=z9hG4bK181abb75bbf8640bf1d6332f"
	";rport=41822;received=203.0.113.7\r\n"
	"From: <sip:alice@example.com>;tag=46e8862f98220b58\r\n"
	"To: <sip:alice@example.com>;tag=c3df596ba91449820ec7a01103c6851b\r\n"
	"Call-ID: 92c8076ca3fb89ae7c4fdb137cec4e52\r\nCSeq: 1 REGISTER\r\n"
	"WWW-Authenticate: Digest realm=\"example.com\", nonce=\"ZSf0H2Un8vPq0s"
	"Lj5W2dBqX0pYV0mY3l\", qop=\"auth\"\r\n"
	"Server: kamailio\r\nContent-Length: 0\r\n\r\n",

	"REGISTER sip:example.com SIP/2.0\r\n"
	"Via: SIP/2.0/TLS 10.0.0.2:41822;branch=z9hG4bK281abb75bbf8640bf1d6332f"
	";rport;keep\r\nMax-Forwards: 70\r\n"
	"From: <sip:alice@example.com>;tag=46e8862f98220b58\r\n"
	"To: <sip:alice@example.com>\r\n"
	"Call-ID: 92c8076ca3fb89ae7c4fdb137cec4e52\r\nCSeq: 2 REGISTER\r\n"
	"User-Agent: sipregd/1.0\r\n"
	"Contact: <sip:alice@203.0.113.7:41822;transport=tls;sipregd=0123456789"
	".abcdef0123>;+sip.instance=\"<urn:uuid:b1f2fca4-9091-46de-96bc-"
	"c63f42e101ef>\";reg-id=1;expires=3600\r\nExpires: 3600\r\n"
	"Supported: path, outbound, gruu\r\n"
	"Allow: OPTIONS, NOTIFY, INVITE, ACK, BYE, CANCEL\r\n"
	"Authorization: Digest username=\"alice\", realm=\"example.com\", "
	"nonce=\"ZSf0H2Un8vPq0sLj5W2dBqX0pYV0mY3l\", uri=\"sip:example.com\", "
	"response=\"6629fae49393a05397450978507c4ef1\", algorithm=MD5, qop=auth"
	", nc=00000001, cnonce=\"0a4f113b0a4f113b0a4f113b0a4f113b\"\r\n"
	"Content-Length: 0\r\n\r\n",

	"SIP/2.0 200 OK\r\n"
	"Via: SIP/2.0/TLS 10.0.0.2:41822;branch=z9hG4bK281abb75bbf8640bf1d6332f"
	";rport=41822;received=203.0.113.7\r\n"
	"From: <sip:alice@example.com>;tag=46e8862f98220b58\r\n"
	"To: <sip:alice@example.com>;tag=c3df596ba91449820ec7a01103c6851b\r\n"
	"Call-ID: 92c8076ca3fb89ae7c4fdb137cec4e52\r\nCSeq: 2 REGISTER\r\n"
	"Contact: <sip:alice@203.0.113.7:41822;transport=tls;sipregd=0123456789"
	".abcdef0123>;expires=3600;+sip.instance=\"<urn:uuid:b1f2fca4-9091-46de"
	"-96bc-c63f42e101ef>\";reg-id=1\r\n"
	"Server: kamailio\r\nContent-Length: 0\r\n\r\n",
};

static struct trace *tracev[ACCOUNTS];


/* As slot_trace.c has them, of an account with one flow. */
static void secrets_handler(struct mask *m, void *arg)
{
	(void)arg;
	mask_add(m, "correct horse", 13);
	mask_add(m, "0123456789", 10);
	mask_add(m, "abcdef0123", 10);
	mask_add_header(m, "X-Site: 7");
}


static double now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);

	return 1e6 * (double)ts.tv_sec + 1e-3 * (double)ts.tv_nsec;
}


static void message(const struct tap *tap, bool sent, const char *p, size_t len)
{
	struct trace_message m = {.sent = sent};

	if (tap_open(tap))
		tap_message(tap, &m, (const uint8_t *)p, len);
}


static double registrations(const struct tap *tap)
{
	size_t lenv[ARRAY_SIZE(messagev)];
	double start;

	for (unsigned i = 0; i < ARRAY_SIZE(messagev); i++)
		lenv[i] = strlen(messagev[i]);

	start = now_us();
	for (unsigned n = 0; n < ROUNDS; n++)
		for (unsigned i = 0; i < ARRAY_SIZE(messagev); i++)
			message(tap, i % 2 == 0, messagev[i], lenv[i]);

	return (now_us() - start) / ROUNDS;
}


/* All digits: any of them might begin a token. */
static double long_messages(const struct tap *tap)
{
	static char text[TRACE_TEXT_MAX];
	double start;

	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = "0a1b"[i % 4];

	start = now_us();
	for (unsigned n = 0; n < LONG; n++)
		message(tap, false, text, sizeof(text));

	return (now_us() - start) / LONG;
}


int main(void)
{
	struct tap tap = {.secretsh = secrets_handler, .flow = 1};
	struct traces *traces = NULL;
	unsigned n;
	int err;

	err = loop_init(NULL, NULL);
	if (!err)
		err = traces_alloc(&traces);
	if (!err)
		err = trace_get(&tracev[0], traces, "trunk");
	if (err)
		return EXIT_FAILURE;

	tap.trace = tracev[0];
	(void)printf("trace: a registration, kept          %8.2f us\n",
		     registrations(&tap));
	(void)printf("trace: the longest message, kept     %8.2f us\n",
		     long_messages(&tap));

	for (n = 1; n < ACCOUNTS; n++)
		err |= trace_get(&tracev[n], traces, "more");
	(void)printf("trace: a registration, nothing kept  %8.4f us\n",
		     registrations(&tap));

	while (n--)
		mem_deref(tracev[n]);
	mem_deref(traces);
	loop_close();

	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
