/* Fuzzes what is read of the process before: the note, and each of its lines,
 * and the file of TLS sessions. What was read must be good enough to be
 * written, and be read again as it is. */

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "fuzz.h"
#include "handed.h"
#include "loop.h"
#include "param.h"
#include "tls_handed.h"
#include "tls_session.h"


static struct handed again;


int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_init();

	/* a word for every input that is of no use */
	if (!freopen("/dev/null", "w", stderr))
		abort();

	return 0;
}


static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}


static void check_texts(const struct handed *h)
{
	assert(h->account && uri_usable(h->account));
	assert(h->callid && uri_usable(h->callid));
	assert(h->token && uri_usable(h->token));
	assert(h->contact_uri && uri_usable(h->contact_uri));
	assert(!h->path || line_usable(h->path));
	assert(!h->service_route || line_usable(h->service_route));
}


static void check_core(const struct handover *c)
{
	assert(addr_isset(&c->local) && addr_isset(&c->edge));
	assert(c->reg.cseq && c->reg.cseq <= INT32_MAX);
	assert(c->reg.match <= CONTACT_BY_SENT);
	assert(c->nat.probe <= PROBE_REFUSED);
	assert(c->verdict.reason < REASON_COUNT);
	assert(c->verdict.reachable <= REACHABLE_YES);
	assert(c->verdict.evidence <= EVIDENCE_PROBE);
}


static void check_again(const struct handed *h)
{
	assert(!memcmp(&h->core, &again.core, sizeof(h->core)));
	assert(h->reg_id == again.reg_id && h->transport == again.transport);
	assert(h->conf == again.conf && h->cookie == again.cookie);
	assert(same_text(h->account, again.account));
	assert(same_text(h->callid, again.callid));
	assert(same_text(h->token, again.token));
	assert(same_text(h->contact_uri, again.contact_uri));
	assert(same_text(h->path, again.path));
	assert(same_text(h->service_route, again.service_route));
	assert(same_text(h->associated, again.associated));
	assert(same_text(h->pub_gruu, again.pub_gruu));
	assert(same_text(h->temp_gruu, again.temp_gruu));
}


static void read_handler(struct handed *h, void *arg)
{
	struct mbuf *mb = mbuf_alloc(HANDED_LINE_MAX);

	(void)arg;
	check_texts(h);
	check_core(&h->core);
	assert(h->reg_id && h->reg_id <= ACCOUNT_FLOWS_MAX);
	assert(h->transport == TRANSPORT_UDP || h->transport == TRANSPORT_TCP);

	if (!mb || handed_encode(mb, h))
		abort();
	if (handed_decode(&again, (const char *)mb->buf, mb->end - 1))
		abort();

	check_again(h);
	handed_reset(&again);
	mem_deref(mb);
}


static int take_handler(const struct tls_session_record *r, void *arg)
{
	struct tls_session_facts facts = r->facts;

	(void)arg;
	SSL_SESSION_free(tls_session_take(&facts, r->key, r->host,
					  loop_now(), 0));

	return ECANCELED;        /* the list has changed */
}


static void check_sessions(int fd)
{
	size_t n;

	(void)tls_handed_read(&n, fd);
	assert(tls_session_bytes() <= TLS_SESSION_ALL_MAX);
	while (tls_session_each(take_handler, NULL, loop_now(), 0))
		;

	tls_session_close();
}


/* What a session may be. */
static void check_session(const uint8_t *buf, size_t len)
{
	static const uint8_t key[TLS_SESSION_KEY_SIZE];
	struct tls_session_facts facts = {loop_now(), INT64_MAX, 0};
	const struct tls_session_record r = {
		key, "example.org", facts, loop_now() + HOURS(1), buf, len,
	};

	if (!tls_session_restore(&r, loop_now(), 0))
		SSL_SESSION_free(tls_session_take(&facts, key, r.host,
						  loop_now(), 0));

	assert(!tls_session_bytes());
	tls_session_close();
}


int LLVMFuzzerTestOneInput(const uint8_t *buf, size_t len)
{
	const int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, buf, len) != (ssize_t)len ||
	    handed_file_read(fd, read_handler, NULL))
		abort();

	check_sessions(fd);
	check_session(buf, len);
	(void)close(fd);

	return 0;
}
