/* Diagnosis, steps 3 and 4: a connection of its own to each address that the
 * account may go to, all at once, and what TLS says there. The first of them
 * that can be used is asked. */

#include <errno.h>
#include <string.h>
#include <time.h>
#include "diagnose_parts.h"
#include "sock.h"


#define DATE_SIZE 24             /* "2026-11-23 14:05 UTC" */
#define DAY       86400          /* [s] */

static void settle(struct diagnosis *d);


static bool is_tls(const struct diagnose_try *t)
{
	return t->addr.transport == TRANSPORT_TLS;
}


/* --- one address --- */

static void over(struct diagnose_try *t)
{
	t->over = true;
	t->over_usec = loop_usec();
}


static void connected_handler(void *arg)
{
	struct diagnose_try *t = arg;

	t->connected = true;
	t->connected_usec = loop_usec();
}


static void shaken_handler(SSL *ssl, void *arg)
{
	struct diagnose_try *t = arg;

	tls_seen_read(&t->tls, ssl);
}


static void estab_handler(void *arg)
{
	struct diagnose_try *t = arg;

	if (!t->connected)
		connected_handler(t);
	t->usable = true;
	over(t);
	settle(t->diagnosis);
}


static enum diagnosis_way way_of(enum reason reason)
{
	if (reason == REASON_CONNECT_REFUSED)
		return DIAGNOSIS_WAY_REFUSED;

	/* what was silent for long is told by our own timer */
	return reason == REASON_NO_RESOURCES ? DIAGNOSIS_WAY_MACHINE
					     : DIAGNOSIS_WAY_NONE;
}


static void fail(struct diagnose_try *t, enum diagnosis_way way,
		 enum reason reason, const char *text)
{
	t->conn = mem_deref(t->conn);
	t->reason = reason;
	str_ncpy(t->text, text, sizeof(t->text));
	if (!t->connected)
		t->way = way;
	over(t);
}


static void close_handler(enum reason reason, const char *text, void *arg)
{
	struct diagnose_try *t = arg;
	struct diagnosis *d = t->diagnosis;

	if (t == d->chosen) {
		t->conn = mem_deref(t->conn);
		diagnose_closed(d, reason, text);
	}
	else if (t->over) {
		t->conn = mem_deref(t->conn);
		t->usable = false;
	}
	else {
		fail(t, way_of(reason), reason, text);
		settle(d);
	}
}


static void recv_handler(struct mbuf *mb, const struct sa *src, void *arg)
{
	struct diagnose_try *t = arg;

	if (t == t->diagnosis->chosen &&
	    sa_cmp(src, &t->addr.addr, SA_ADDR))
		diagnose_received(t->diagnosis, mb);
}


/* --- opening --- */

/* As link_conf_of() in slot_connect.c, but from any port. */
static int open_try(struct diagnosis *d, struct diagnose_try *t)
{
	static const struct conn_handlers handlers = {
		.estabh = estab_handler,
		.recvh = recv_handler,
		.closeh = close_handler,
		.connectedh = connected_handler,
		.shakenh = shaken_handler,
	};
	const struct account_conf *conf = diagnose_conf(d);
	struct conn_conf cc = {
		.transport = t->addr.transport,
		.peer = t->addr.addr,
		.source = conf->source,
		.interface = conf->interface,
		.dscp = conf->dscp,
		.host = conf->tls.name[0] ? conf->tls.name
					  : d->uriv[t->addr.uri].host,
		.anew = true,
	};
	char text[DIAGNOSE_TEXT];
	int err;

	t->began_usec = loop_usec();
	if (sa_isset(&cc.source, SA_ADDR))
		sa_set_port(&cc.source, 0);

	if (is_tls(t) && !d->tls) {
		err = tls_ctx_get(&d->tls, &conf->tls, text, sizeof(text));
		if (err) {
			fail(t, DIAGNOSIS_WAY_UP, REASON_TLS_FAILURE, text);
			return err;
		}
	}

	cc.tls = d->tls;
	err = conn_open(&t->conn, &cc, &handlers, t);
	if (err)
		fail(t, DIAGNOSIS_WAY_MACHINE, REASON_NO_RESOURCES,
		     strerror(err));

	return err;
}


/* --- all of them --- */

static double ms(uint64_t usec)
{
	return (double)usec / 1000.0;
}


static void tell_try(struct diagnosis *d, const struct diagnose_try *t)
{
	const char *transport = transport_name(t->addr.transport);

	if (t->connected && t->conn)
		diagnose_detail(d, "%J over %s: %s after %.1f ms, from %J",
				&t->addr.addr, transport,
				t->addr.transport == TRANSPORT_UDP
				? "socket open" : "connected",
				ms(t->connected_usec - t->began_usec),
				conn_local(t->conn));
	else if (t->connected)
		diagnose_detail(d, "%J over %s: connected after %.1f ms",
				&t->addr.addr, transport,
				ms(t->connected_usec - t->began_usec));
	else
		diagnose_detail(d, "%J over %s: %s", &t->addr.addr, transport,
				t->text);
}


static const char *way_text(const struct diagnose_try *t)
{
	if (t->connected)
		return t->addr.transport == TRANSPORT_UDP
			? "has no connections to test: there is a way"
			: "is connected";

	switch (t->way) {

	case DIAGNOSIS_WAY_REFUSED: return "refused the connection";
	case DIAGNOSIS_WAY_SILENT:  return "did not answer";
	case DIAGNOSIS_WAY_NONE:    return "cannot be reached";
	case DIAGNOSIS_WAY_MACHINE: return "could not be tried";
	case DIAGNOSIS_WAY_UP:      break;
	}

	return "was not tried";
}


static bool say_connect(struct diagnosis *d)
{
	const struct diagnose_try *t = &d->tryv[0], *up = NULL;
	struct diagnosis_connect f = {.tried = d->tryc};
	uint64_t took = diagnose_took(d);
	char other[DIAGNOSE_TEXT] = "";
	unsigned i;

	f.first = t->connected ? DIAGNOSIS_WAY_UP : t->way;
	for (i = 0; i < d->tryc; i++) {
		f.up += d->tryv[i].connected;
		if (!up && d->tryv[i].connected)
			up = &d->tryv[i];
		tell_try(d, &d->tryv[i]);
	}

	if (up == t)
		took = t->connected_usec - t->began_usec;
	else if (up)
		(void)re_snprintf(other, sizeof(other), "; %J %s",
				  &up->addr.addr, way_text(up));

	return diagnose_say(d, DIAGNOSIS_CONNECT, diagnosis_connect(&f), took,
			    up == t && t->addr.transport == TRANSPORT_UDP
			    ? "%J: UDP %s%s" : "%J %s%s", &t->addr.addr,
			    way_text(t), other);
}


/* --- TLS --- */

/* The one that is to be looked at: which is used, or else the first one that
 * got as far. */
static const struct diagnose_try *tls_try(const struct diagnosis *d)
{
	unsigned i;

	if (d->chosen)
		return is_tls(d->chosen) ? d->chosen : NULL;

	for (i = 0; i < d->tryc; i++)
		if (is_tls(&d->tryv[i]) &&
		    (d->tryv[i].connected || !d->tls))
			return &d->tryv[i];

	return NULL;
}


static const char *date(char buf[DATE_SIZE], int64_t at)
{
	const time_t t = (time_t)at;
	struct tm tm;

	if (!at || !gmtime_r(&t, &tm) ||
	    !strftime(buf, DATE_SIZE, "%Y-%m-%d %H:%M UTC", &tm))
		return "?";

	return buf;
}


static void tell_chain(struct diagnosis *d, const struct tls_seen *seen)
{
	char buf[DATE_SIZE];
	unsigned i;

	for (i = 0; i < seen->certc; i++)
		diagnose_detail(d, "certificate %u: %s, issued by %s, until %s",
				i, seen->certv[i].subject,
				seen->certv[i].issuer,
				date(buf, seen->certv[i].not_after));

	if (seen->names[0])
		diagnose_detail(d, "it is for: %s", seen->names);
}


static void tls_facts(struct diagnosis_tls *f, const struct diagnosis *d,
		      const struct diagnose_try *t)
{
	const int64_t end = t->tls.certc ? t->tls.certv[0].not_after : 0;

	*f = (struct diagnosis_tls){
		.done = t->usable || t == d->chosen,
		.ours = !d->tls,
		.verified = t->tls.info.verified,
		.timed = !t->tls.shaken && t->way == DIAGNOSIS_WAY_SILENT,
		.trust = t->tls.trust,
		.ends = end != 0,
		.days = (end - (int64_t)time(NULL)) / DAY,
	};
}


static bool say_tls_done(struct diagnosis *d, const struct diagnose_try *t,
			 const struct diagnosis_tls *f)
{
	const struct tls_info *i = &t->tls.info;
	const char *verified = f->verified ? "verified" : "not verified";

	diagnose_detail(d, "%s, %s", i->version, i->cipher);

	return diagnose_say(d, DIAGNOSIS_TLS, diagnosis_tls(f),
			    t->over_usec - t->connected_usec, f->ends
			    ? "%s, certificate %s, good for %lld day%s"
			    : "%s, certificate %s", i->version, verified,
			    (long long)f->days, f->days == 1 ? "" : "s");
}


/* Which CA is not trusted: whoever issued the last one that was sent. */
static const char *stranger(const struct tls_seen *seen)
{
	return seen->trust == DIAGNOSIS_TRUST_ISSUER && seen->certc
		? seen->certv[seen->certc - 1].issuer : "";
}


static bool say_tls(struct diagnosis *d)
{
	const struct diagnose_try *t = tls_try(d);
	const struct diagnosis_finding none = {.result = DIAGNOSIS_SKIPPED};
	struct diagnosis_tls f;

	if (!t)
		return diagnose_say(d, DIAGNOSIS_TLS, none, 0, "%s",
				    d->chosen ? "not used" : "no connection");

	if (t->tls.sni[0])
		diagnose_detail(d, "SNI %s", t->tls.sni);
	tell_chain(d, &t->tls);
	tls_facts(&f, d, t);
	if (f.done)
		return say_tls_done(d, t, &f);

	return diagnose_say(d, DIAGNOSIS_TLS, diagnosis_tls(&f),
			    t->over_usec - (t->connected ? t->connected_usec
							 : t->began_usec),
			    "%J: %s%s%s", &t->addr.addr, t->text,
			    *stranger(&t->tls) ? ": not trusted is " : "",
			    stranger(&t->tls));
}


/* --- on to the next --- */

/* Where the account would go now: where its flow goes already, else the first
 * one in the order of DNS. */
static struct diagnose_try *choose(struct diagnosis *d)
{
	struct diagnose_try *chosen = NULL;
	unsigned i;

	for (i = 0; i < d->tryc; i++)
		if (d->tryv[i].usable && (!chosen || d->tryv[i].present))
			chosen = &d->tryv[i];

	return chosen;
}


static void go_on(struct diagnosis *d)
{
	unsigned i;

	diagnose_wait(d, 0, NULL);
	d->chosen = choose(d);

	if (!say_connect(d) || !say_tls(d))
		return;

	for (i = 0; i < d->tryc; i++)
		if (&d->tryv[i] != d->chosen)
			d->tryv[i].conn = mem_deref(d->tryv[i].conn);

	if (d->chosen)
		diagnose_ask(d);
	else
		diagnose_skip(d, DIAGNOSIS_REGISTER, "no connection");
}


/* Whoever has not come to an end by now. */
static void timeout(struct diagnosis *d)
{
	unsigned i;

	for (i = 0; i < d->tryc; i++) {

		struct diagnose_try *t = &d->tryv[i];

		if (t->over)
			continue;

		t->way = DIAGNOSIS_WAY_SILENT;
		fail(t, DIAGNOSIS_WAY_SILENT, REASON_CONNECT_TIMEOUT,
		     t->connected ? "no answer to the TLS handshake"
				  : "no answer in time");
	}

	go_on(d);
}


static void settle(struct diagnosis *d)
{
	bool waiting = false, up = false;
	unsigned i;

	for (i = 0; i < d->tryc; i++) {
		waiting |= !d->tryv[i].over;
		up |= d->tryv[i].usable;
	}

	mem_ref(d);
	if (!waiting)
		go_on(d);
	else if (up)
		diagnose_wait(d, DIAGNOSE_OTHERS, timeout);
	mem_deref(d);
}


void diagnose_connect(struct diagnosis *d)
{
	unsigned i;

	diagnose_wait(d, DIAGNOSE_CONNECT, timeout);
	for (i = 0; i < d->tryc; i++)
		(void)open_try(d, &d->tryv[i]);

	settle(d);
}
