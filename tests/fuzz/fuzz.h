/* What the fuzz targets share. Each target is one program, so all of it is
 * small and static. */

#ifndef FUZZ_H
#define FUZZ_H

#include <assert.h>
#include <string.h>
#include "compat.h"
#include "frame.h"
#include "register.h"

#define DEBUG_MODULE "fuzz"      /* re_dbg.h wants both */
#define DEBUG_LEVEL 0
#include <re_dbg.h>


int LLVMFuzzerTestOneInput(const uint8_t *buf, size_t len);
int LLVMFuzzerInitialize(int *argc, char ***argv);


/* libre's own words go to stderr, a line for every other input. */
static inline void fuzz_quiet(int level, const char *p, size_t len, void *arg)
{
	(void)level;
	(void)p;
	(void)len;
	(void)arg;
}


static inline void fuzz_init(void)
{
	dbg_handler_set(fuzz_quiet, NULL);
	if (libre_init())
		abort();
}


/* --- streams --- */

/* Numbers that depend on the input alone. */
static inline uint32_t fuzz_next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;

	return *state;
}


/* FNV-1a; never 0. */
static inline uint32_t fuzz_seed(const uint8_t *buf, size_t len)
{
	uint32_t n = 2166136261u;

	while (len--)
		n = (n ^ *buf++) * 16777619u;

	return n ? n : 1;
}


/* A small input becomes a long text: 0xff N C stands for N times C, or from
 * 240 on for 4096 * (N - 239) times, 64 kB with 255; but not for thousands of
 * what ends something. */
static inline size_t fuzz_expand(uint8_t *dst, size_t max, const uint8_t *p,
				 size_t len)
{
	size_t n = 0, run;

	for (size_t i = 0; i < len && n < max; i++) {

		if (p[i] != 0xff || len - i < 3) {
			dst[n++] = p[i];
			continue;
		}

		run = p[i + 1];
		if (run >= 240 && p[i + 2] >= ' ')
			run = (run - 239) * 4096;
		if (run > max - n)
			run = max - n;
		memset(dst + n, p[i + 2], run);
		n += run;
		i += 2;
	}

	return n;
}


/* How much comes next: mostly little, at times all that is left. */
static inline size_t fuzz_piece(uint32_t *state, size_t left)
{
	const size_t n = 1 + fuzz_next(state) %
		((size_t)1 << fuzz_next(state) % 18);

	return n < left ? n : left;
}


/* --- SIP --- */

#define FUZZ_INSTANCE "urn:uuid:00000000-0000-1000-8000-000A95A0E128"
#define FUZZ_USER     "alice"
#define FUZZ_SENT     "10.0.0.2"         /* in our Contact, port 41822 */
#define FUZZ_MAPPED   "203.0.113.7"      /* port 40112 */
#define FUZZ_ACCOUNT  "k3vx9m2q7ab"      /* our token, its account part */
#define FUZZ_FLOW     "p8wz4n6r1cd"
#define FUZZ_REDIRECT "192.0.2.77"       /* a 3xx may name it */

static char *fuzz_redirectv[] = {(char[]){FUZZ_REDIRECT}};

static const struct account_conf fuzz_conf = {
	.name = "trunk", .aor = "sip:" FUZZ_USER "@example.com",
	.aor_user = FUZZ_USER, .aor_host = "example.com",
	.auth_user = FUZZ_USER, .realm = "", .password = "secret",
	.registrar = "sip:example.com", .contact_host = "",
	.contact_user = "", .inbound_code = 480,
	.redirectv = fuzz_redirectv, .redirectc = 1,
};

static const struct register_identity fuzz_id = {
	.conf = &fuzz_conf, .user_agent = "sipregd", .reg_id = 1,
	.instance = FUZZ_INSTANCE, .callid = "fuzz@example.com",
	.tag = "fuzz", .token_account = FUZZ_ACCOUNT,
	.token_flow = FUZZ_FLOW,
};


static inline struct addr fuzz_addr(const char *ip, uint16_t port)
{
	struct addr a;

	if (!addr_parse(&a, ip, strlen(ip), port))
		abort();

	return a;
}


/* What a peer sent, as link.c decodes it; NULL: nothing readable. */
static inline struct sip_msg *fuzz_decode(const void *text, size_t len)
{
	struct sip_msg *msg = NULL;
	struct mbuf *mb = mbuf_alloc(len ? len : 1);

	if (!mb)
		abort();

	(void)mbuf_write_mem(mb, text, len);
	mb->pos = 0;
	if (sip_msg_decode(&msg, mb))
		msg = NULL;
	mem_deref(mb);

	return msg;
}


/* One line on its way into a message: a header of that name, or with '!' in
 * front the line as it is. */
static inline void fuzz_line(struct mbuf *mb, const char *name,
			     const char *p, size_t len)
{
	const size_t mark = len > 1 && *p == '!';

	if (!mark)
		(void)mbuf_printf(mb, "%s: ", name);
	for (size_t i = mark; i < len; i++)
		(void)mbuf_write_u8(mb, (uint8_t)(p[i] == '\r' ? ' ' : p[i]));
	(void)mbuf_write_str(mb, "\r\n");
}


/* `start`, each line of the input as a header, and `more` headers. */
static inline struct sip_msg *fuzz_message(const char *start,
					   const char *name,
					   const uint8_t *buf, size_t len,
					   const char *more)
{
	const char *p = (const char *)buf, *end = p + len, *stop;
	struct mbuf *mb = mbuf_alloc(1024 + 2 * len);
	struct sip_msg *msg;

	if (!mb)
		abort();

	(void)mbuf_write_str(mb, start);
	for (; p < end; p = stop + 1) {
		stop = memchr(p, '\n', (size_t)(end - p));
		if (!stop)
			stop = end;
		fuzz_line(mb, name, p, (size_t)(stop - p));
	}
	(void)mbuf_printf(mb, "%sContent-Length: 0\r\n\r\n", more);
	msg = fuzz_decode(mb->buf, mb->end);
	mem_deref(mb);

	return msg;
}


/* Is this a whole message, and nothing behind it? As a stream sees it. */
static inline bool fuzz_framed(const struct mbuf *mb)
{
	struct frame f;
	struct mbuf *whole = NULL;
	bool ok;

	frame_init(&f);
	ok = !frame_add(&f, mb->buf, mb->end, 0) &&
		frame_next(&f, &whole, 0) == FRAME_MESSAGE &&
		frame_next(&f, NULL, 0) == FRAME_MORE && !f.mb;
	mem_deref(whole);
	frame_reset(&f);

	return ok;
}


static inline unsigned fuzz_count(const struct sip_msg *msg,
				  enum sip_hdrid id)
{
	const struct le *le;
	unsigned n = 0;

	LIST_FOREACH(&msg->hdrl, le)
		n += ((const struct sip_hdr *)le->data)->id == id;

	return n;
}

#endif
